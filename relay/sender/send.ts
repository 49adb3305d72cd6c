import type { Address } from 'viem'
import { createVoidBatcher } from '../../core/batcher.ts'
import { inSpans, TRANSACTION_HASH } from '../../src/api/observability/tracing.ts'
import type { Candidate } from '../claims/store/reservations.ts'
import type { RelayContext } from '../context.ts'
import type { Allocated } from './allocation.ts'
import { broadcast } from './broadcast.ts'
import { recordBroadcasts, type Sent } from './store/transactions.ts'

export type Send = ReturnType<typeof createSend>

/** Broadcasts new transactions. @param onSent is called with the signer once the result is stored. */
export function createSend({ pool, sender, heads, events, logger }: RelayContext, onSent: (signer: Address) => void) {
  const record = createVoidBatcher((sent: readonly Sent[]) => recordBroadcasts(pool, sent))

  async function send({ tx, signer, nonce, attempt }: Allocated, made: Candidate[]) {
    const name = { signer, nonce, txHash: attempt.hash }
    for (const { claim } of made) events.emit('claimReserved', { ...claim, ...name })
    const requests = made.map(({ claim }) => claim.request)
    const { result, error } = await inSpans('broadcast', requests, () => broadcast(sender, attempt.raw), {
      [TRANSACTION_HASH]: attempt.hash,
    })
    events.emit('attemptSent', { ...name, result, error, claims: made.length })
    for (const { claim } of made) events.emit('claimSent', { ...claim, ...name, result })
    if (result !== 'accepted') logger.warn({ nonce, txHash: attempt.hash, result, err: error }, 'cannot send yet')
    await record({ tx, result })
    heads.expire()
    onSent(signer)
  }

  /** If the result cannot be stored, the keeper broadcasts again. */
  return (allocated: Allocated, made: Candidate[]) => {
    send(allocated, made).catch((err) =>
      logger.warn({ err, txHash: allocated.attempt.hash }, 'cannot store the answer to a broadcast'),
    )
  }
}
