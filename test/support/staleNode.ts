import { type Hex, hexToBigInt, numberToHex } from 'viem'

export type RpcCall = { jsonrpc: '2.0'; id: number; method: string; params: unknown[] }

/** The position of the parameter that names the block at which a method reads the state. */
const blockParameter: Record<string, number> = {
  eth_getBlockByNumber: 0,
  eth_call: 1,
  eth_estimateGas: 1,
  eth_getTransactionCount: 1,
  eth_getBalance: 1,
  eth_getCode: 1,
}

/** Rewrites a call so that an up-to-date node answers like one whose latest block is `head` and whose pool is empty. */
export function callAsOf(head: bigint, call: RpcCall): RpcCall {
  const position = blockParameter[call.method]
  if (position === undefined) return call
  const asked = call.params[position] ?? 'latest'
  if (asked !== 'latest' && asked !== 'pending') return call
  return { ...call, params: call.params.with(position, numberToHex(head)) }
}

/** The stale node's answer where the up-to-date node's answer mentions blocks that the stale node does not have. */
export function answerAsOf(head: bigint, { id, method, params: [first] }: RpcCall, answer: string): string {
  const reply = (result: unknown) => JSON.stringify({ jsonrpc: '2.0', id, result })
  const isLater = (block: Hex) => hexToBigInt(block) > head
  if (method === 'eth_blockNumber') return reply(numberToHex(head))
  const { result } = JSON.parse(answer)
  if (!result) return answer
  if (method === 'eth_getTransactionReceipt') return isLater(result.blockNumber) ? reply(null) : answer
  if (method.startsWith('eth_getBlockBy')) return isLater(result.number) ? reply(null) : answer
  if (method !== 'eth_getLogs') return answer
  const logs = (result as { blockNumber: Hex }[]).filter(({ blockNumber }) => !isLater(blockNumber))
  const isUnknown = logs.length < result.length && Object.hasOwn(Object(first), 'blockHash')
  return isUnknown
    ? JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32_000, message: 'unknown block' } })
    : reply(logs)
}
