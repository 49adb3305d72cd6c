import type { Lease } from '../../sender/store/leases.ts'
import type { ActionsContext } from '../context.ts'
import { nameOf, type StoredAction } from '../store/actions.ts'
import { type Decision, recordDecision } from '../store/decisions.ts'

export type DecideAction = ReturnType<typeof createDecideAction>

/** Stores the decision about an action that its transaction did not make. */
export const createDecideAction =
  ({ pool, events }: ActionsContext) =>
  async (lease: Lease, action: StoredAction, decision: Decision) => {
    if (await recordDecision(pool, lease, [action, decision])) emitDecided(events, action, decision)
  }

/** Emits a decision, also of an action for which no client waits. */
export function emitDecided(events: ActionsContext['events'], action: StoredAction, decision: Decision) {
  const { txHash } = decision
  const outcome = decision.state === 'done' ? 'done' : decision.problem.code
  events.emit('actionDecided', { ...nameOf(action), ...(txHash && { txHash }), outcome })
}
