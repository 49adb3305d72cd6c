import { tryCall } from '../../chain/market.ts'
import { REORG_MARGIN_SECONDS } from '../../chain/validity.ts'
import type { Turn } from '../../sender/context.ts'
import type { ActionsContext } from '../context.ts'
import { refusalOfFailure } from '../refusal.ts'
import { actionCall } from '../request.ts'
import { expiredActionsOf, type StoredAction } from '../store/actions.ts'
import type { DecideAction } from './decideAction.ts'

/** The most actions of one check. */
const MAX_ACTIONS = 50

/**
 * Refuses unmined actions whose signature has expired, so that others of their parties can proceed. Their transactions may
 * still be mined and revert. If this process has the signer's key, a filler replaces them.
 */
export function createGiveUpExpired({ pool, market, logger }: ActionsContext, decideAction: DecideAction) {
  async function giveUp({ lease, head }: Turn, action: StoredAction) {
    const trial = await tryCall(market, actionCall(market, lease.signer, action.request), head.number)
    if (!('failure' in trial)) return
    const { actionId, tx } = action
    logger.warn({ actionId, txHash: tx.hash }, 'an unmined action can no longer succeed')
    await decideAction(lease, action, { state: 'refused', problem: refusalOfFailure(trial.failure) })
  }

  return async function giveUpExpired(turn: Turn) {
    const latest = turn.head.timestamp - REORG_MARGIN_SECONDS
    const expired = await expiredActionsOf(pool, turn.lease.signer, latest, MAX_ACTIONS)
    await Promise.all(expired.map((action) => giveUp(turn, action)))
  }
}
