import type { Address } from 'viem'
import { createVoidBatcher } from '../../../../core/batcher.ts'
import { broadcast } from './broadcast.ts'
import type { SenderContext } from './context.ts'
import type { PlacedTx } from './placement.ts'
import { type BroadcastResult, recordBroadcasts, type Sent } from './store/transactions.ts'

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
