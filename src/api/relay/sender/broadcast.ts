import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Address,
  BaseError,
  type Hex,
  HttpRequestError,
  InsufficientFundsError,
  InternalRpcError,
  LimitExceededRpcError,
  NonceTooLowError,
  type PublicClient,
  type RpcRequestError,
} from 'viem'
import { getNodeError } from 'viem/utils'
import { createVoidBatcher } from '../../../../core/batcher.ts'
import { refusalIn } from '../chain/client.ts'
import type { SenderContext } from './context.ts'
import type { PlacedTx } from './placement.ts'
import { type Broadcast, type BroadcastResult, recordBroadcasts, type Sent } from './store/transactions.ts'

const ATTEMPTS = 2
const PAUSE_MS = 200

/** How nodes report that they have the transaction already: Geth, Erigon, Reth; Erigon; Anvil; Nethermind, Besu. */
const KNOWN = /already known|existing txn with same hash|already imported|alreadyknown|known transaction/i
/** Geth, Reth, Anvil; Erigon. */
const UNDERPRICED_REPLACEMENT = /replacement transaction underpriced|could not replace existing tx/i
const RATE_LIMITED = new Set([LimitExceededRpcError.code, 429, -32007])

/** Failures before the request was sent. */
const NOT_CONNECTED = new Set<unknown>([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Broadcasts a transaction. Sending it again is safe, so an unknown result is retried. */
export async function broadcast(client: PublicClient, raw: Hex): Promise<Broadcast> {
  let unclear: Broadcast | undefined
  for (let attempt = 1; ; attempt++) {
    const sent = await broadcastOnce(client, raw)
    // The node may have this transaction from an earlier broadcast. The receipt will show it.
    if (unclear && sent.result === 'nonceTaken') return { result: 'accepted' }
    if (sent.result !== 'unknown' && !(unclear && sent.result === 'unsent')) return sent
    unclear ??= sent
    if (attempt === ATTEMPTS) return unclear
    await sleep(PAUSE_MS)
  }
}

async function broadcastOnce(client: PublicClient, raw: Hex): Promise<Broadcast> {
  try {
    await client.request({ method: 'eth_sendRawTransaction', params: [raw] }, { retryCount: 0 })
    return { result: 'accepted' }
  } catch (error) {
    if (!(error instanceof BaseError)) throw error
    return { result: classify(error), error }
  }
}

function classify(error: BaseError): BroadcastResult {
  const refusal = refusalIn(error)
  if (refusal) return classifyRefusal(refusal)
  const isUnsent = (cause: unknown) => {
    if (cause instanceof HttpRequestError && cause.status !== undefined)
      return cause.status >= 400 && cause.status < 500
    return cause instanceof Error && 'code' in cause && NOT_CONNECTED.has(cause.code)
  }
  return error.walk(isUnsent) ? 'unsent' : 'unknown'
}

function classifyRefusal(refusal: RpcRequestError): BroadcastResult {
  if (KNOWN.test(refusal.details)) return 'accepted'
  if (UNDERPRICED_REPLACEMENT.test(refusal.details)) return 'nonceTaken'
  if (RATE_LIMITED.has(refusal.code)) return 'unsent'
  const cause = getNodeError(refusal, {})
  if (cause instanceof NonceTooLowError) return 'nonceTaken'
  if (cause instanceof InsufficientFundsError) return 'unfunded'
  return refusal.code === InternalRpcError.code ? 'unknown' : 'refused'
}

export type Send = ReturnType<typeof createSend>

/** Broadcasts new transactions. @param onSent is called with the signer once the node's answer is stored. */
export function createSend(
  { pool, broadcaster, heads, events, logger }: SenderContext,
  onSent: (signer: Address) => void,
) {
  const record = createVoidBatcher((sent: readonly Sent[]) => recordBroadcasts(pool, sent))

  async function store(sent: Sent, signer: Address) {
    await record(sent)
    heads.expire()
    onSent(signer)
  }

  /** @returns the node's answer. If it cannot be stored, the keeper broadcasts again. */
  return async function send({ tx, signer, nonce, attempt }: PlacedTx): Promise<BroadcastResult> {
    const name = { signer, nonce, txHash: attempt.hash }
    const { result, error } = await broadcast(broadcaster, attempt.raw)
    events.emit('attemptSent', { ...name, result, error })
    if (result !== 'accepted') logger.warn({ nonce, txHash: attempt.hash, result, err: error }, 'cannot send yet')
    store({ tx, result }, signer).catch((err) =>
      logger.warn({ err, txHash: attempt.hash }, 'cannot store the answer to a broadcast'),
    )
    return result
  }
}
