import type { Failure } from '../../chain/market.ts'
import { recordDecision } from '../../ledger/decisions.ts'
import type { Lease } from '../../sender/store/leases.ts'
import type { ActionsContext } from '../context.ts'
import { nameOf, type StoredAction } from '../store/actions.ts'
import { type ActionDecision, rowDecisionOf } from '../store/decisions.ts'

export type DecideAction = ReturnType<typeof createDecideAction>

/** Decides actions that their transactions did not make. */
export function createDecideAction({ pool, kinds, heads, events }: ActionsContext) {
  async function store(lease: Lease, action: StoredAction, decision: ActionDecision) {
    if (await recordDecision(pool, lease, rowDecisionOf([action, decision]))) emitDecided(events, action, decision)
  }

  /**
   * What it means that the chain refuses the action: it may refuse it because another sender's transaction has made it,
   * of which anyone can take the signature.
   */
  async function decisionOf({ request }: StoredAction, failure: Failure): Promise<ActionDecision> {
    const kind = kinds.of(request.message)
    const problem = kind.refusalOfFailure(failure, request.message)
    const made = kind.madeAlready.has(problem.code) && (await kind.findMade(request, await heads.latest()))
    return made ? { state: 'done', ...made } : { state: 'refused', problem }
  }

  return { store, decisionOf }
}

/** Emits a decision, also of an action for which no client waits. */
export function emitDecided(events: ActionsContext['events'], action: StoredAction, decision: ActionDecision) {
  const { txHash } = decision
  const outcome = decision.state === 'done' ? 'done' : decision.problem.code
  events.emit('actionDecided', { ...nameOf(action), ...(txHash && { txHash }), outcome })
}
