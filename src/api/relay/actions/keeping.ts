import type { TransactionReceipt } from 'viem'
import { tryCall } from '../chain/market.ts'
import { nextTimestamp } from '../chain/validity.ts'
import { unexplained } from '../kinds/refusal.ts'
import { reopenRows, storeDecisions } from '../ledger/decisions.ts'
import { hasStranded } from '../ledger/rows.ts'
import type { ActionKind } from '../sender/action.ts'
import type { Placer } from '../sender/placement.ts'
import type { ActionsContext } from './context.ts'
import { createDecideAction, emitDecided } from './outcome/decideAction.ts'
import { createGiveUpExpired } from './outcome/expiry.ts'
import { createSendAnew } from './outcome/renewal.ts'
import { nameOf, type StoredAction } from './store/actions.ts'
import { type ActionDecision, type DecidedAction, rowDecisionOf } from './store/decisions.ts'

/** Actions beside claims, for the keeper. A transaction has one of them. */
export function createActionKeeping(context: ActionsContext, placer: Placer): ActionKind<StoredAction, DecidedAction> {
  const { pool, market, kinds, store, heads, events } = context
  const decide = createDecideAction(context)

  /** @returns undefined if the action stays open: a filler used up its nonce. */
  async function decisionOf(
    action: StoredAction,
    { status, from, logs, blockNumber, transactionHash: txHash }: TransactionReceipt,
    isFiller: boolean,
  ): Promise<ActionDecision | undefined> {
    const { actionId, request } = action
    if (status === 'success' && !isFiller) {
      const proof = kinds.of(request.message).proofIn(request.message, logs)
      if (!proof) throw new Error(`Transaction ${txHash} succeeded without the event of action ${actionId}`)
      return { state: 'done', blockNumber, txHash, ...proof }
    }
    // The state after the block contains whatever made the action fail in it.
    const trial = await tryCall(market, kinds.callOf(from, request), blockNumber)
    if ('failure' in trial) {
      const decision = await decide.decisionOf(action, trial.failure)
      return decision.state === 'done' ? decision : { ...decision, blockNumber, txHash }
    }
    if (isFiller) return undefined
    const problem = unexplained({ txHash, blockNumber: Number(blockNumber) })
    return { state: 'refused', problem, blockNumber, txHash }
  }

  /** Without an open action, a transaction that a reorg made valid again could make its action a second time. */
  async function isOverdue(tx: bigint): Promise<boolean> {
    const [action] = await store.ofTxs(pool, tx)
    if (action?.state !== 'open') return true
    return action.request.message.deadline < nextTimestamp(await heads.latest())
  }

  return {
    names: kinds.names,
    hasStranded: hasStranded(kinds.names),
    store: (decided) => storeDecisions(decided.map(rowDecisionOf)),
    reopen: reopenRows,
    giveUpExpired: createGiveUpExpired(context, decide),
    sendAnew: createSendAnew(context, placer, decide),

    async actionsOf(txs) {
      return Map.groupBy(await store.ofTxs(pool, ...txs), ({ tx }) => tx.id)
    },

    async conclude(actions, receipt, isFiller) {
      const decided = await Promise.all(
        actions.map(async (action) => [action, await decisionOf(action, receipt, isFiller)] as const),
      )
      return decided.flatMap(([action, decision]): DecidedAction[] => (decision ? [[action, decision]] : []))
    },

    onDecided(decided, changed) {
      for (const [action, decision] of decided) {
        if (changed.has(action.actionId)) emitDecided(events, action, decision)
      }
    },

    async onReopened(tx) {
      for (const action of await store.ofTxs(pool, tx)) {
        if (action.state === 'open') events.emit('actionReopened', nameOf(action))
      }
    },

    async onFinal(txs) {
      for (const { state, txHash, problem, ...action } of await store.ofTxs(pool, ...txs)) {
        if (state === 'open') continue
        const outcome = problem?.code ?? 'done'
        events.emit('actionFinal', { ...nameOf(action), ...(txHash && { txHash }), outcome })
      }
    },

    /** No contract knows the deadline of a registration; the others would revert. */
    isOverdue,

    async callWorthSending(tx, from, gas) {
      const [action] = await store.ofTxs(pool, tx)
      if (action?.state !== 'open' || (await isOverdue(tx))) return undefined
      const { to, data } = kinds.callOf(from, action.request)
      const trial = await tryCall(market, { from, to, data }, 'latest')
      return 'passed' in trial ? { to, data, gas } : undefined
    },
  }
}
