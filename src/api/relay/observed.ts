import type { Hex } from 'viem'
import { Problem, type ProblemCode } from '../http/errors.ts'
import type { ClaimRequest } from './chain/market.ts'
import type { RelayEmitter } from './events.ts'
import type { ClaimOutcome } from './relay.ts'

/** Tells of the request and of its answer. */
export async function observed(events: RelayEmitter, request: ClaimRequest, claim: () => Promise<ClaimOutcome>) {
  const start = performance.now()
  const answered = (outcome: ClaimOutcome['status'] | ProblemCode, claimId?: Hex) => {
    const milliseconds = performance.now() - start
    events.emit('claimAnswered', { request, outcome, milliseconds, ...(claimId && { claimId }) })
  }
  events.emit('claimReceived', { request })
  try {
    const outcome = await claim()
    answered(outcome.status, outcome.claimId)
    return outcome
  } catch (error) {
    answered(error instanceof Problem ? error.code : 'INTERNAL')
    throw error
  }
}
