import { recordDecision } from '../../ledger/decisions.ts'
import type { Lease } from '../../sender/store/leases.ts'
import type { ClaimsContext } from '../context.ts'
import { nameOf, type StoredClaim } from '../store/claims.ts'
import { type Decision, rowDecisionOf } from '../store/decisions.ts'

export type DecideClaim = ReturnType<typeof createDecideClaim>

/** Stores the decision about a claim that its transaction did not make. */
export const createDecideClaim =
  ({ pool, events }: ClaimsContext) =>
  async (lease: Lease, claim: StoredClaim, decision: Decision) => {
    if (await recordDecision(pool, lease, rowDecisionOf([claim, decision]))) emitDecided(events, claim, decision)
  }

/** Emits a decision, also of a claim for which no client waits. */
export function emitDecided(events: ClaimsContext['events'], claim: StoredClaim, decision: Decision) {
  const { txHash } = decision
  const outcome = decision.state === 'won' ? 'won' : decision.problem.code
  events.emit('claimDecided', { ...nameOf(claim), ...(txHash && { txHash }), outcome })
}
