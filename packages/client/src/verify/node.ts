import {
  BaseError,
  BlockNotFoundError,
  type Client,
  createClient,
  type Hex,
  HttpRequestError,
  http,
  RpcRequestError,
  SocketClosedError,
  TimeoutError,
  WebSocketRequestError,
} from 'viem'
import { getBlock as readBlock } from 'viem/actions'
import { type AnswerBlock, UnverifiedAnswerError } from './errors.ts'

/** A node of the caller: its URL, or a viem client of it. */
export type Node = string | Client

/** A block with its timestamp in seconds, and the bloom filter of its logs. */
export type Block = AnswerBlock & { timestamp: bigint; logsBloom: Hex }

/**
 * A client of the node. It does not follow CCIP-Read: viem would fetch any URL that a contract names. A URL gets the requests
 * that are made at once in one HTTP request.
 */
export const connect = (node: Node): Client =>
  typeof node === 'string'
    ? createClient({ ccipRead: false, transport: http(node, { batch: true, retryCount: 1 }) })
    : { ...node, ccipRead: false, batch: undefined }

type BlockName = { blockHash: `0x${string}` } | { blockNumber: bigint } | { blockTag: 'latest' }

/** @returns undefined if the node has no such block. @throws UnverifiedAnswerError if the node does not answer. */
export async function findBlock(node: Client, name: BlockName): Promise<Block | undefined> {
  try {
    const { number, hash, timestamp, logsBloom } = await readBlock(node, name)
    if (number === null || hash === null || logsBloom === null) return undefined
    return { number, hash, timestamp, logsBloom }
  } catch (error) {
    // Some nodes answer with an error where they have no such block.
    if (error instanceof BlockNotFoundError || isRpcError(error)) return undefined
    throw unreachable(error)
  }
}

/** @throws UnverifiedAnswerError if the node does not answer. */
export async function latestBlock(node: Client): Promise<Block> {
  const latest = await findBlock(node, { blockTag: 'latest' })
  if (!latest) throw unreachable(new Error('it has no latest block'))
  return latest
}

/** Whether the node has the block in its chain now. */
export const isCanonical = async (node: Client, { number, hash }: AnswerBlock): Promise<boolean> =>
  (await findBlock(node, { blockNumber: number }))?.hash === hash

/** Whether the node has answered with an error. */
export const isRpcError = (error: unknown): boolean =>
  error instanceof BaseError && error.walk((cause) => cause instanceof RpcRequestError) !== null

/** Whether a smaller request may succeed: nodes refuse what is too much in many ways. */
export function mayBeTooLarge(error: unknown): boolean {
  const isTooLarge = (cause: unknown) =>
    cause instanceof TimeoutError || (cause instanceof HttpRequestError && cause.status !== undefined)
  return isRpcError(error) || (error instanceof BaseError && error.walk(isTooLarge) !== null)
}

/** Whether the node has not answered. */
export function isUnreachable(error: unknown): boolean {
  const isLost = (cause: unknown) =>
    cause instanceof HttpRequestError ||
    cause instanceof TimeoutError ||
    cause instanceof WebSocketRequestError ||
    cause instanceof SocketClosedError
  return error instanceof BaseError && error.walk(isLost) !== null
}

export function unreachable(cause: unknown): UnverifiedAnswerError {
  const message = `The node does not answer: ${reasonOf(cause)}. Start it, or correct its URL.`
  return new UnverifiedAnswerError('NODE_UNREACHABLE', message, cause)
}

/** In the words of the node where it has any. */
export const reasonOf = (error: unknown): string =>
  error instanceof BaseError ? error.details || error.shortMessage : String(error)
