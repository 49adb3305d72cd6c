import { tryCall } from '../../chain/market.ts'
import { REORG_MARGIN_SECONDS } from '../../chain/validity.ts'
import { signatureExpired } from '../../kinds/refusal.ts'
import type { Turn } from '../../sender/context.ts'
import type { ActionsContext } from '../context.ts'
import type { StoredAction } from '../store/actions.ts'
import type { DecideAction } from './decideAction.ts'

/** The most actions of one check. */
const MAX_ACTIONS = 50

/**
 * Refuses unmined actions whose signature has expired, so that others of their parties can proceed. Their transactions may
 * still be mined and revert. If this process has the signer's key, a filler replaces them.
 */
export function createGiveUpExpired(context: ActionsContext, decide: DecideAction) {
  const { pool, market, kinds, store, logger } = context

  async function giveUp({ lease, head }: Turn, action: StoredAction) {
    const { actionId, tx, request } = action
    const trial = await tryCall(market, kinds.callOf(lease.signer, request), head.number)
    logger.warn({ actionId, txHash: tx.hash }, 'an unmined action can no longer succeed')
    // The contract of a registration does not know the deadline.
    const problem = signatureExpired(request.message.deadline, head.timestamp)
    const decision = 'failure' in trial ? await decide.decisionOf(action, trial.failure) : undefined
    await decide.store(lease, action, decision ?? { state: 'refused', problem })
  }

  return async function giveUpExpired(turn: Turn, used: number) {
    const latest = turn.head.timestamp - REORG_MARGIN_SECONDS
    const expired = await store.expiredOf(pool, turn.lease.signer, used, latest, MAX_ACTIONS)
    await Promise.all(expired.map((action) => giveUp(turn, action)))
  }
}
