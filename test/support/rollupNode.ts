import { type Hex, hexToBigInt, numberToHex } from 'viem'
import type { ChooseFault, Fault, Reply } from '../../sim/faults/rpcProxy.ts'

type Receipt = Record<'from' | 'blockNumber' | 'gasUsed' | 'effectiveGasPrice', Hex>

/**
 * Makes an Anvil with `--network optimism` answer as the nodes of a rollup do. Its pending block is the latest one, also for
 * transaction counts. A receipt has `l1Fee`, which Anvil charges and leaves out: what the sender paid beside the gas, if it
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
    if (method !== 'eth_getTransactionReceipt') return undefined
    const receipt = await resultOf<Receipt | null>(method, params)
    return { kind: 'reply', reply: { result: receipt && { ...receipt, l1Fee: await paidBesideGas(receipt) } } }
  }
}
