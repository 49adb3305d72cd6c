import type { Failure } from '../../chain/market.ts'
import type { Lease } from '../../sender/store/leases.ts'
import type { FormContext } from '../context.ts'
import type { Message } from '../request.ts'
import { nameOf, type StoredAction } from '../store/actions.ts'
import { createDecisionStore, type Decision } from '../store/decisions.ts'

export type DecideAction<M extends Message> = ReturnType<typeof createDecideAction<M>>

/** Decides actions that their transactions did not make. */
export function createDecideAction<M extends Message>({ pool, form, heads, events }: FormContext<M>) {
  const decisions = createDecisionStore(form)

  async function store(lease: Lease, action: StoredAction<M>, decision: Decision) {
    if (await decisions.record(pool, lease, [action, decision])) emitDecided(events, action, decision)
  }

  /**
   * What it means that the chain refuses the action: it may refuse it because another sender's transaction has made it,
   * of which anyone can take the signature.
   */
  async function decisionOf({ request }: StoredAction<M>, failure: Failure): Promise<Decision> {
    const problem = form.refusalOfFailure(failure, request.message)
    const made = form.madeAlready.has(problem.code) && (await form.findMade(request, await heads.latest()))
    return made ? { state: 'done', ...made } : { state: 'refused', problem }
  }

  return { store, decisionOf }
}

/** Emits a decision, also of an action for which no client waits. */
export function emitDecided<M extends Message>(
  events: FormContext<M>['events'],
  action: StoredAction<M>,
  decision: Decision,
) {
  const { txHash } = decision
  const outcome = decision.state === 'done' ? 'done' : decision.problem.code
  events.emit('actionDecided', { ...nameOf(action), ...(txHash && { txHash }), outcome })
}
