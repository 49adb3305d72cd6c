import { BaseError, type Hash, RpcRequestError } from 'viem'
import type { Call } from './call.ts'

/** The calls that name a block by its hash. */
const CALLS_BY_BLOCK_HASH = ['eth_getLogs', 'eth_getBlockReceipts']

/** The errors for a block that the node does not have: of geth and Anvil; of Reth, Erigon and Besu; of Nethermind. */
const UNKNOWN_BLOCK = /unknown block|block not found|header not found|could not be found/i

/** Ponder's poll for new blocks: the latest block with its transactions. At its start it asks for the block without. */
export const isPoll = ({ method, params }: Call) =>
  method === 'eth_getBlockByNumber' && Array.isArray(params) && params[0] === 'latest' && params[1] === true

/** Ponder's question for a block before the one that a poll has shown. */
export const isOfLacked = ({ method, params }: Call) =>
  method === 'eth_getBlockByNumber' && Array.isArray(params) && params[0] !== 'latest' && params[1] === true

/** The hash of the block whose logs Ponder asks for; undefined in other calls, such as those for the logs of a range. */
export function blockOfLogs({ method, params }: Call): Hash | undefined {
  if (method !== 'eth_getLogs' || !Array.isArray(params)) return undefined
  return Object(params[0]).blockHash
}

/** Whether a node refused the call because it does not have the block that the call names. */
export function isUnknownBlock(method: string, error: unknown): error is BaseError {
  if (!CALLS_BY_BLOCK_HASH.includes(method) || !(error instanceof BaseError)) return false
  const answer = error.walk((cause) => cause instanceof RpcRequestError)
  return answer instanceof RpcRequestError && UNKNOWN_BLOCK.test(answer.details)
}
