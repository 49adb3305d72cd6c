import { type Hex, hexToBigInt, keccak256, numberToHex, zeroAddress } from 'viem'
import type { ChooseFault, Fault, Reply } from './rpcProxy.ts'

type Receipt = Record<'from' | 'blockNumber' | 'gasUsed' | 'effectiveGasPrice', Hex>
type Block = Record<'number' | 'hash' | 'timestamp', Hex> & { transactions: unknown[] }
type Log = { blockNumber: Hex; blockTimestamp?: Hex }

const SYSTEM_TRANSACTIONS = 2

/** As on a chain with five blocks a second. */
const millisecondsOf = (timestamp: Hex, number: Hex): Hex =>
  numberToHex(1_000n * hexToBigInt(timestamp) + 200n * (hexToBigInt(number) % 5n))

/** A deposit transaction of the OP Stack, which no key has signed. */
function systemTransaction({ number, hash }: Block, index: number) {
  const none = numberToHex(0)
  const own = { hash: keccak256(`${hash}0${index % 10}`), sourceHash: hash, type: '0x7e', isSystemTx: true, mint: none }
  const call = {
    from: zeroAddress,
    to: zeroAddress,
    value: none,
    gas: numberToHex(1_000_000),
    gasPrice: none,
    input: '0x',
  }
  const signature = { v: none, r: none, s: none, yParity: none }
  const place = { blockHash: hash, blockNumber: number, transactionIndex: numberToHex(index), nonce: number }
  return { ...own, ...call, ...signature, ...place }
}

const timed = (log: Log) => ({
  ...log,
  ...(log.blockTimestamp && { blockTimestampMs: millisecondsOf(log.blockTimestamp, log.blockNumber) }),
})

/** With the system's transactions, after the others, so that these keep their places. */
function withSystemTransactions(block: Block, isWhole: boolean) {
  const { timestamp, number, transactions } = block
  const added = Array.from({ length: SYSTEM_TRANSACTIONS }, (_, place) =>
    systemTransaction(block, transactions.length + place),
  )
  return {
    ...block,
    timestampMs: millisecondsOf(timestamp, number),
    transactions: [...transactions, ...(isWhole ? added : added.map(({ hash }) => hash))],
  }
}

/**
 * Makes an Anvil with `--network optimism` answer as the nodes of a rollup do. Its pending block is the latest one, also for
 * transaction counts. Blocks have two transactions of the system, and blocks and logs times in milliseconds. A receipt has
 * `l1Fee`, which Anvil charges and leaves out: what the sender paid beside the gas, if it
 * has one transaction in the block and sends no value.
 */
export function answerAsRollup(rpcUrl: string): ChooseFault {
  async function ask(method: string, params: readonly unknown[]): Promise<Reply> {
    const headers = { 'Content-Type': 'application/json' }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    const answer = (await (await fetch(rpcUrl, { method: 'POST', headers, body })).json()) as Reply
    return 'error' in answer ? { error: answer.error } : { result: answer.result }
  }

  async function resultOf<Result>(method: string, params: readonly unknown[]): Promise<Result> {
    const reply = await ask(method, params)
    if ('error' in reply) throw new Error(`Anvil does not answer ${method}: ${reply.error.message}`)
    return reply.result as Result
  }

  async function paidBesideGas({ from, blockNumber, gasUsed, effectiveGasPrice }: Receipt): Promise<Hex> {
    const balanceAt = async (block: bigint) =>
      hexToBigInt(await resultOf<Hex>('eth_getBalance', [from, numberToHex(block)]))
    const block = hexToBigInt(blockNumber)
    const [held, left] = await Promise.all([balanceAt(block - 1n), balanceAt(block)])
    return numberToHex(held - left - hexToBigInt(gasUsed) * hexToBigInt(effectiveGasPrice))
  }

  return async ({ method, params }): Promise<Fault | undefined> => {
    if (params.includes('pending')) {
      const ofLatest = params.map((param) => (param === 'pending' ? 'latest' : param))
      return { kind: 'reply', reply: await ask(method, ofLatest) }
    }
    if (method === 'eth_getBlockByNumber' || method === 'eth_getBlockByHash') {
      const block = await resultOf<Block | null>(method, params)
      return { kind: 'reply', reply: { result: block && withSystemTransactions(block, params[1] === true) } }
    }
    if (method === 'eth_getLogs') {
      const reply = await ask(method, params)
      return { kind: 'reply', reply: 'error' in reply ? reply : { result: (reply.result as Log[]).map(timed) } }
    }
    if (method !== 'eth_getTransactionReceipt') return undefined
    const receipt = await resultOf<Receipt | null>(method, params)
    return { kind: 'reply', reply: { result: receipt && { ...receipt, l1Fee: await paidBesideGas(receipt) } } }
  }
}
