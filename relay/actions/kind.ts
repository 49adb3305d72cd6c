import { parseEventLogs, type TransactionReceipt } from 'viem'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { actionOf } from '../../market/runActions.ts'
import { tryCall } from '../chain/market.ts'
import type { ActionKind } from '../sender/action.ts'
import type { Placer } from '../sender/placement.ts'
import type { ActionsContext } from './context.ts'
import { createDecideAction, emitDecided } from './outcome/decideAction.ts'
import { createGiveUpExpired } from './outcome/expiry.ts'
import { createSendAnew } from './outcome/renewal.ts'
import { refusalOfFailure, unexplained } from './refusal.ts'
import { actionCall } from './request.ts'
import { actionsOf, HAS_STRANDED_ACTIONS, nameOf, oldActions, RUN_ACTION, type StoredAction } from './store/actions.ts'
import { type DecidedAction, type Decision, reopenActions, storeDecisions } from './store/decisions.ts'

/** Actions about runs, as the sender's kind of action. A transaction has one of them. */
export function createRunActionKind(context: ActionsContext, placer: Placer): ActionKind<StoredAction, DecidedAction> {
  const { pool, market, events } = context
  const decideAction = createDecideAction(context)

  /** @returns undefined if the action stays open: a filler used up its nonce. */
  async function decisionOf(
    { actionId, request }: StoredAction,
    { status, from, logs, blockNumber, transactionHash: txHash }: TransactionReceipt,
    isFiller: boolean,
  ): Promise<Decision | undefined> {
    const { action, bountyId } = request.message
    if (status === 'success' && !isFiller) {
      const own = parseEventLogs({ abi: bountyMarketAbi, eventName: [...actionOf(action).events], logs })
      const isProven = own.some(({ args }) => 'bountyId' in args && args.bountyId === bountyId)
      if (!isProven) throw new Error(`Transaction ${txHash} succeeded without the event of action ${actionId}`)
      return { state: 'done', blockNumber, txHash }
    }
    const at = { blockNumber, txHash, isRevert: !isFiller }
    // The state after the block contains whatever made the action fail in it.
    const trial = await tryCall(market, actionCall(market, from, request), blockNumber)
    if ('failure' in trial) return { state: 'refused', problem: refusalOfFailure(trial.failure), ...at }
    if (isFiller) return undefined
    return { state: 'refused', problem: unexplained({ txHash, blockNumber: Number(blockNumber) }), ...at }
  }

  return {
    name: RUN_ACTION,
    hasStranded: HAS_STRANDED_ACTIONS,
    store: storeDecisions,
    reopen: reopenActions,
    deletions: oldActions,
    giveUpExpired: createGiveUpExpired(context, decideAction),
    sendAnew: createSendAnew(context, placer, decideAction),

    async actionsOf(txs) {
      return Map.groupBy(await actionsOf(pool, ...txs), ({ tx }) => tx.id)
    },

    async conclude(actions, receipt, isFiller) {
      const decided = await Promise.all(
        actions.map(async (action) => [action, await decisionOf(action, receipt, isFiller)] as const),
      )
      return decided.flatMap(([action, decision]): DecidedAction[] => (decision ? [[action, decision]] : []))
    },

    onDecided(decisions, changed) {
      for (const [action, decision] of decisions) {
        if (changed.has(action.actionId)) emitDecided(events, action, decision)
      }
    },

    async onReopened(tx) {
      for (const action of await actionsOf(pool, tx)) {
        if (action.state === 'open') events.emit('actionReopened', nameOf(action))
      }
    },

    async onFinal(txs) {
      for (const { state, txHash, problem, ...action } of await actionsOf(pool, ...txs)) {
        if (state === 'open') continue
        const outcome = problem?.code ?? 'done'
        events.emit('actionFinal', { ...nameOf(action), ...(txHash && { txHash }), outcome })
      }
    },

    async callWorthSending(tx, from, gas) {
      const [action] = await actionsOf(pool, tx)
      if (action?.state !== 'open') return undefined
      const { to, data } = actionCall(market, from, action.request)
      const trial = await tryCall(market, { from, to, data }, 'latest')
      return 'passed' in trial ? { to, data, gas } : undefined
    },
  }
}
