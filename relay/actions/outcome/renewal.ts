import { tryNowAndNext, verdictOf } from '../../chain/simulation.ts'
import { isUnavailable } from '../../refusal.ts'
import type { Turn } from '../../sender/context.ts'
import { signingRestOf } from '../../sender/keys/signing.ts'
import type { Placer } from '../../sender/placement.ts'
import type { ActionsContext } from '../context.ts'
import { refusalOfFailure } from '../refusal.ts'
import { actionCall, actionGasLimit } from '../request.ts'
import { moveAction, nameOf, RUN_ACTION, type StoredAction, strandedActionsOf } from '../store/actions.ts'
import type { DecideAction } from './decideAction.ts'

/** Decides open actions whose transaction can no longer decide them, or gives them new transactions. */
export function createSendAnew(context: ActionsContext, placer: Placer, decideAction: DecideAction) {
  const { pool, market, accounts, events, logger } = context

  /** @returns whether the action is decided or has a new transaction. */
  async function renew({ lease }: Turn, action: StoredAction): Promise<boolean> {
    const { request } = action
    // A key that does not sign must not delay an action that another one can make.
    const signing = accounts.filter((account) => signingRestOf(account) === 0)
    const signer = signing.find(({ address }) => address === lease.signer) ?? signing[0]
    if (!signer) return false
    const { to, data } = actionCall(market, signer.address, request)
    const verdict = verdictOf(await tryNowAndNext(market, { from: signer.address, to, data }))
    if (verdict.result === 'undecided') return false
    if (verdict.result === 'fails') {
      await decideAction(lease, action, { state: 'refused', problem: refusalOfFailure(verdict.failure) })
      return true
    }
    const gas = actionGasLimit(verdict.gas)
    const renewed = await placer.placeAgain(signer, async (db) => {
      const tx = await moveAction(db, lease, action)
      return tx === undefined ? undefined : { tx, kind: RUN_ACTION, call: { to, data, gas } }
    })
    if (!renewed) return true
    if (typeof renewed === 'string') return false
    const { nonce, attempt } = renewed
    events.emit('actionPlaced', { ...nameOf(action), signer: signer.address, nonce, txHash: attempt.hash })
    logger.warn({ actionId: action.actionId, txHash: attempt.hash }, 'sends the action anew')
    return true
  }

  /** @returns whether no action is left. One that cannot be renewed now does not delay the others. */
  return async function sendAnew(turn: Turn): Promise<boolean> {
    const stranded = await strandedActionsOf(pool, turn.lease.signer)
    const renewed = stranded.map((action) =>
      renew(turn, action).catch((error) => {
        const level = isUnavailable(error) ? 'warn' : 'error'
        logger[level]({ err: error, actionId: action.actionId }, 'cannot renew an action')
        return false
      }),
    )
    return (await Promise.all(renewed)).every(Boolean)
  }
}
