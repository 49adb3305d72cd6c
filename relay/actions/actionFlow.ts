import type { Notifications } from '../../core/database/notifications.ts'
import type { Requester } from '../../core/fairLane.ts'
import { runDigest } from '../../market/runActions.ts'
import type { Conditions } from '../chain/conditions.ts'
import { tryNowAndNext, verdictOf } from '../chain/simulation.ts'
import { Refusal, type RefusalCode, tooMuchGas, unavailable } from '../refusal.ts'
import { watchDecisions } from '../results/decisions.ts'
import type { ActionsContext } from './context.ts'
import type { ActionOutcome } from './events.ts'
import type { ActionExamination } from './examine.ts'
import type { createPlaceAction } from './placing.ts'
import { actionPending, invalidSignature, refusalOfFailure } from './refusal.ts'
import { type ActionRequest, actionCall, actionGasLimit, MAX_ACTION_GAS, type NamedAction } from './request.ts'
import { actionsById, findAction, openActionsOf, relatedActions, type StoredAction } from './store/actions.ts'
import { refusalOfParty } from './store/reservation.ts'

/** `until` aborts when the request times out, which does not undo what was sent. */
export type ActionAsked = Requester & { until: AbortSignal }

/** `notifications`: of decisions. `closing` aborts when the relay stops accepting requests. */
type Rooms = {
  examination: ActionExamination
  place: ReturnType<typeof createPlaceAction>
  notifications: Notifications
  closing: AbortSignal
}

/**
 * Takes an action from its request to its outcome. Stored ones are answered first; the others are authenticated, then
 * simulated, then stored with a signed transaction.
 */
export function createActionFlow(context: ActionsContext, { examination, place, notifications, closing }: Rooms) {
  const { pool, market, heads, nextBlock, feesPaid, accounts, walletLimits, events, logger } = context
  const decisions = watchDecisions<NamedAction, StoredAction>({
    notifications,
    idOf: ({ actionId }) => actionId,
    read: (ids) => actionsById(pool, ids),
    isDecided: ({ state }) => state !== 'open',
    logger,
  })
  events.on('actionDecided', ({ actionId }) => decisions.hint(actionId))

  /** The outcome of the action if it is stored. Another request may have stored it at any time. */
  async function stored(action: NamedAction, asked: ActionAsked, own: StoredAction): Promise<ActionOutcome> {
    const { request } = action
    const isSame = own.request.signature === request.signature
    if (!isSame && !(await examination.isSigned(action, asked)))
      throw invalidSignature(request, own.request.message.round)
    return follow(own, asked.until)
  }

  async function make(request: ActionRequest, asked: ActionAsked): Promise<ActionOutcome> {
    const action: NamedAction = { actionId: runDigest(market, request.message), request }
    try {
      return await send(action, asked)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      // What the market refuses now may be what a concurrent request of the same message has done.
      const [own] = await actionsById(pool, [action.actionId])
      if (!own) throw error
      return stored(action, asked, own)
    }
  }

  async function send(action: NamedAction, asked: ActionAsked): Promise<ActionOutcome> {
    const { until, gone } = asked
    const { message } = action.request
    let obstacle = unavailable('A transaction that is not mined yet decides about this action.')
    // A refusal uses only what was read from the chain after this time.
    let since = performance.now()

    async function waitForBlock(head: Awaited<ReturnType<typeof heads.latest>>) {
      await heads.after(head, until)
      since = performance.now()
    }

    /** Waits for another action of the party, which may change what the chain says of this one. */
    async function waitFor(other: StoredAction) {
      await decisions.of(other, until)
      heads.expire()
      since = performance.now()
    }

    do {
      if (closing.aborted) throw unavailable('The server is shutting down.')
      if (gone.aborted) throw unavailable('The client has disconnected.')
      const related = await relatedActions(pool, action)
      const own = related.find(({ actionId }) => actionId === action.actionId)
      if (own) return stored(action, asked, own)
      // Read before the run is: if a block changes the run in between, `heads.after` returns at once.
      const head = await heads.latest()
      const examined = await examination.examine(action, asked, since)
      if ('undecided' in examined) {
        obstacle = examined.undecided
        await waitForBlock(head)
        continue
      }
      const limit = await refusalOfParty(pool, action, walletLimits)
      if (limit) throw limit
      const [other] = related
      if (other) {
        obstacle = actionPending(other)
        await waitFor(other)
        continue
      }
      await context.whenReady()
      const simulated = await simulate(action, examined.runsWalletCode)
      if (simulated instanceof Refusal) {
        obstacle = simulated
        await waitForBlock(head)
        continue
      }
      const fees = await feesOf(examined.agentId)
      const placed = await place({ action, gas: simulated, fees, ...examined }, asked)
      if (typeof placed === 'object') {
        const sent = { actionId: action.actionId, txHash: placed.attempt.hash, status: 'signed' } as const
        return follow(action, until).catch((error) => {
          // The action continues even if it cannot be waited for.
          if (error instanceof Refusal && error.code === 'RELAY_UNAVAILABLE') return sent
          throw error
        })
      }
      if (placed === 'full') {
        obstacle = unavailable('The relayer has as many unmined transactions as it may have.')
        await waitForBlock(head)
      }
      if (placed === 'locked') {
        const [open] = await openActionsOf(pool, message.party)
        obstacle = unavailable(`Other actions of ${message.party} are not decided yet.`)
        if (open) await waitFor(open)
      }
    } while (!until.aborted)
    throw obstacle
  }

  /**
   * @returns the gas limit of the action's transaction, or the answer if no block changes its result.
   * @throws Refusal with the market's reason, which no pending transaction changes.
   */
  async function simulate({ request }: NamedAction, runsWalletCode: boolean): Promise<bigint | Refusal> {
    const [signer] = accounts
    if (!signer) throw unavailable('The store of the relayer’s keys does not answer.')
    const call = actionCall(market, signer.address, request)
    const verdict = verdictOf(await tryNowAndNext(market, call, runsWalletCode ? await conditions() : undefined))
    if (verdict.result === 'passes') return actionGasLimit(verdict.gas)
    if (verdict.result === 'fails') throw refusalOfFailure(verdict.failure)
    return verdict.failure
      ? refusalOfFailure(verdict.failure)
      : unavailable('A transaction that is not mined yet decides about this action.')
  }

  async function feesOf(agentId: bigint | undefined): Promise<bigint> {
    if (agentId === undefined) return 0n
    return (await feesPaid([agentId])).get(agentId) ?? 0n
  }

  /** What the transaction of an action in the next block will be. */
  async function conditions(): Promise<Conditions> {
    const [price, block] = await Promise.all([context.fees(), nextBlock()])
    return { gas: MAX_ACTION_GAS, tooMuchGas: () => tooMuchGas('action', MAX_ACTION_GAS), fees: price, block }
  }

  /** Waits for the decision about a stored action. */
  async function follow(action: NamedAction, until: AbortSignal): Promise<ActionOutcome> {
    const decided = await decisions.of(action, until)
    return outcomeOf(decided ?? (await findAction(pool, action.actionId)))
  }

  /** Emits an event for the answer. */
  async function observed(request: ActionRequest, asked: ActionAsked): Promise<ActionOutcome> {
    const start = performance.now()
    const emit = (outcome: ActionOutcome['status'] | RefusalCode | 'INTERNAL') =>
      events.emit('actionAnswered', { request, outcome, milliseconds: performance.now() - start })
    try {
      const outcome = await make(request, asked)
      emit(outcome.status)
      return outcome
    } catch (error) {
      emit(error instanceof Refusal ? error.code : 'INTERNAL')
      throw error
    }
  }

  return { act: observed }
}

/** The outcome of a stored action now. @throws Refusal with the reason if it was refused. */
function outcomeOf({ actionId, state, tx, txHash, blockNumber, problem }: StoredAction): ActionOutcome {
  if (state === 'refused') {
    if (!problem) throw new Error(`Action ${actionId} is refused without a reason`)
    throw new Refusal(problem.code, problem.detail, problem)
  }
  if (state === 'open') return { actionId, status: tx.state === 'accepted' ? 'accepted' : 'signed', txHash: tx.hash }
  if (blockNumber === null || txHash === null) throw new Error(`Action ${actionId} is done in no block`)
  return { actionId, status: 'done', blockNumber, txHash }
}
