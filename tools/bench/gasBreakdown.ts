import {
  type Hex,
  hexToBigInt,
  hexToBytes,
  serializeTransaction,
  size,
  type Transaction,
  type TransactionReceipt,
} from 'viem'
import { createChainClient } from '../../core/node/chainClient.ts'
import { table } from './table.ts'

/** The fields of a step of `debug_traceTransaction` that are used here. */
type Step = { op: string; gasCost: number; stack: Hex[] }

type Trace = { Method: 'debug_traceTransaction'; Parameters: [Hex, object]; ReturnType: { structLogs: Step[] } }

type Share = { gas: number; times: number }

/** Ethereum's prices of storage and of calls, by EIP-2929 and EIP-2200. */
const coldSlotGas = 2_100
const newSlotGas = 20_000
const changedSlotGas = 2_900
const coldAccountGas = 2_600
/** Up to this address are the precompiled contracts, which are warm in every transaction. */
const lastPrecompile = 0x1ffn

/** A table of what each transaction spends its gas on: how much, and in how many steps. */
export async function breakdown(rpcUrl: string, receipts: Map<string, TransactionReceipt>): Promise<string> {
  const client = createChainClient(rpcUrl)
  const columns: Map<string, Share>[] = []
  const bytes: string[] = []
  for (const { transactionHash: hash, gasUsed } of receipts.values()) {
    const transaction = await client.getTransaction({ hash })
    const options = { disableStorage: true }
    const { structLogs } = await client.request<Trace>({ method: 'debug_traceTransaction', params: [hash, options] })
    columns.push(sharesOf(structLogs, transaction.input, Number(gasUsed)))
    bytes.push(signedBytes(transaction).toLocaleString('en-US'))
  }
  const kinds = new Set(columns.flatMap((column) => [...column.keys()]))
  const rows = [...kinds].map((kind) => [kind, ...columns.map((column) => cell(column.get(kind)))])
  return table(['where the gas goes', ...receipts.keys()], [...rows, ['bytes of the signed transaction', ...bytes]])
}

function sharesOf(steps: readonly Step[], input: Hex, gasUsed: number): Map<string, Share> {
  const writes = steps.filter(({ op }) => op === 'SSTORE')
  const anew = writes.filter(({ gasCost }) => gasCost >= newSlotGas).length
  const changed = writes.filter(({ gasCost }) => gasCost >= changedSlotGas && gasCost < newSlotGas).length
  const events = steps.filter(({ op }) => op.startsWith('LOG'))
  const shares = new Map<string, Share>([
    ['the transaction and its input', { gas: 21_000 + inputGas(input), times: 1 }],
    ['slots touched, 2,100 each', priced(coldSlotGas, touchedSlots(steps))],
    ['of which written anew, 20,000 more', priced(newSlotGas, anew)],
    ['of which changed, 2,900 more', priced(changedSlotGas, changed)],
    ['contracts called, 2,600 each', priced(coldAccountGas, calledBy(steps).size)],
    ['events', { gas: events.reduce((sum, { gasCost }) => sum + gasCost, 0), times: events.length }],
  ])
  const named = [...shares.values()].reduce((sum, { gas }) => sum + gas, 0)
  return shares.set('code, memory, what is warm, less refunds', { gas: gasUsed - named, times: steps.length })
}

const priced = (each: number, times: number): Share => ({ gas: each * times, times })

/** How many cold slots are accessed: a write to a slot that was not read before pays for the access too. */
function touchedSlots(steps: readonly Step[]): number {
  const costs = new Set([coldSlotGas, coldSlotGas + changedSlotGas, coldSlotGas + newSlotGas])
  return steps.filter(({ op, gasCost }) => (op === 'SLOAD' || op === 'SSTORE') && costs.has(gasCost)).length
}

/** The called contracts that are cold at first: all but precompiles. */
function calledBy(steps: readonly Step[]): Set<bigint> {
  const calls = steps.filter(({ op }) => op === 'CALL' || op === 'STATICCALL' || op === 'DELEGATECALL')
  const addresses = calls.map(({ stack }) => hexToBigInt(stack.at(-2) ?? '0x'))
  return new Set(addresses.filter((address) => address > lastPrecompile))
}

/** The size with which a rollup posts the transaction to L1, before it compresses it. */
function signedBytes({ input: data, to, chainId, ...transaction }: Transaction): number {
  const { nonce, gas, maxFeePerGas, maxPriorityFeePerGas } = transaction
  const unsigned = {
    type: 'eip1559',
    chainId: chainId ?? 1,
    to,
    data,
    nonce,
    gas,
    maxFeePerGas,
    maxPriorityFeePerGas,
  } as const
  return size(serializeTransaction(unsigned, ANY_SIGNATURE))
}

const ANY_SIGNATURE = { r: `0x${'ff'.repeat(32)}`, s: `0x${'ff'.repeat(32)}`, yParity: 1 } as const

const inputGas = (input: Hex) => hexToBytes(input).reduce((sum, byte) => sum + (byte === 0 ? 4 : 16), 0)

function cell(share: Share | undefined): string {
  return share?.times ? `${share.gas.toLocaleString('en-US')} (${share.times})` : ''
}
