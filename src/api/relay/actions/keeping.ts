import type { TransactionReceipt } from 'viem'
import type { ChainHead } from '../chain/heads.ts'
import { type Failure, tryCall } from '../chain/market.ts'
import { tryNowAndNext, verdictOf } from '../chain/simulation.ts'
import { nextTimestamp, REORG_MARGIN_SECONDS } from '../chain/validity.ts'
import type { Made } from '../kinds/kind.ts'
import { signatureExpired, unexplained } from '../kinds/refusal.ts'
import { actionGasLimit, type Message } from '../kinds/request.ts'
import type { Decision } from '../ledger/decisions.ts'
import { createKept } from '../ledger/keeping.ts'
import type { RefusalCode } from '../refusal.ts'
import type { ActionKind } from '../sender/action.ts'
import { signingRestOf } from '../sender/keys/signing.ts'
import type { Placer } from '../sender/placement.ts'
import type { ActionsContext } from './context.ts'
import { nameOf, type StoredAction } from './storedActions.ts'

/**
 * The reverts that do not count against the party: the run or the agent changed after the simulation, by an action that another
 * party may have made: it ends a claim or a review, uses a nonce, slashes or locks stake, or gives the agent another owner.
 * If they counted, an opponent could pause the party for a day.
 */
const BLAMELESS = new Set<RefusalCode>([
  'WRONG_STATE',
  'WRONG_REVISION',
  'RUN_CLOSING',
  'REVIEW_PERIOD_OVER',
  'SUBMISSION_OVERDUE',
  'SIGNER_MISMATCH',
  'OWNER_MISMATCH',
  'WRONG_NONCE',
  'INSUFFICIENT_STAKE',
  'STAKE_LOCKED',
  'NOTHING_OWED',
  'USDC_REFUSED',
])

/** The most actions of one check for expired ones. */
const MAX_EXPIRING = 50

/** Actions beside claims, for the keeper. A transaction has one of them. */
export function createActionKeeping(
  context: ActionsContext,
  placer: Placer,
): ActionKind<StoredAction, [StoredAction, Decision]> {
  const { pool, market, kinds, store, heads, accounts, events } = context

  /**
   * What it means that the chain refuses the action: it may refuse it because another sender's transaction has made it,
   * of which anyone can take the signature.
   */
  async function refusedBy({ request }: StoredAction, failure: Failure): Promise<Decision> {
    const kind = kinds.of(request.message)
    const problem = kind.refusalOfFailure(failure, request.message)
    const made = kind.madeAlready.has(problem.code) && (await kind.findMade(request, await heads.latest()))
    return made ? { state: 'done', ...made } : { state: 'refused', problem }
  }

  /** @returns undefined if the action stays open: a filler used up its nonce. */
  async function decisionOf(
    action: StoredAction,
    { status, from, logs, blockNumber, transactionHash: txHash }: TransactionReceipt,
    isFiller: boolean,
  ): Promise<Decision | undefined> {
    const { actionId, request } = action
    if (status === 'success' && !isFiller) {
      const proof = kinds.of(request.message).proofIn(request.message, logs)
      if (!proof) throw new Error(`Transaction ${txHash} succeeded without the event of action ${actionId}`)
      return { state: 'done', blockNumber, txHash, ...proof }
    }
    // The state after the block contains whatever made the action fail in it.
    const trial = await tryCall(market, kinds.callOf(from, request), blockNumber)
    if ('failure' in trial) {
      const decision = await refusedBy(action, trial.failure)
      return decision.state === 'done' ? decision : { ...decision, blockNumber, txHash }
    }
    if (isFiller) return undefined
    const problem = unexplained({ txHash, blockNumber: Number(blockNumber) })
    return { state: 'refused', problem, blockNumber, txHash }
  }

  /** What the action has made, if the transaction that used its nonce was one of its own that the database has lost. */
  async function findLost(message: Message, head: ChainHead): Promise<Made | undefined> {
    const found = (await kinds.of(message).findLost?.(message, head)) ?? []
    if (found.length === 0) return undefined
    const known = await store.makersFor(pool, message.party)
    return found.find(({ txHash }) => !known.has(txHash))
  }

  /** Without an open action, a transaction that a reorg made valid again could make its action a second time. */
  async function isOverdue(tx: bigint): Promise<boolean> {
    const [action] = await store.ofTxs(pool, tx)
    if (action?.state !== 'open') return true
    return action.request.message.deadline < nextTimestamp(await heads.latest())
  }

  return createKept<StoredAction>(context, placer, {
    names: kinds.names,
    idOf: ({ actionId }) => actionId,
    rows: store,
    isBlameless: (_, { code }) => BLAMELESS.has(code),

    expiringOf: ({ lease, head }, used) =>
      store.expiredOf(pool, lease.signer, used, head.timestamp - REORG_MARGIN_SECONDS, MAX_EXPIRING),

    conclude: (actions, receipt, isFiller) =>
      Promise.all(actions.map((action) => decisionOf(action, receipt, isFiller))),

    async expire({ lease, head }, action) {
      const trial = await tryCall(market, kinds.callOf(lease.signer, action.request), head.number)
      if ('failure' in trial) return refusedBy(action, trial.failure)
      // The contract of a registration does not know the deadline.
      return { state: 'refused', problem: signatureExpired(action.request.message.deadline, head.timestamp) }
    },

    async renew({ lease, head }, action) {
      const { request } = action
      const { message } = request
      // A key that does not sign must not delay an action that another one can make.
      const signing = accounts.filter((account) => signingRestOf(account) === 0)
      const signer = signing.find(({ address }) => address === lease.signer) ?? signing[0]
      if (!signer) return undefined
      const { to, data } = kinds.callOf(signer.address, request)
      const verdict = verdictOf(await tryNowAndNext(market, { from: signer.address, to, data }))
      if (verdict.result === 'undecided') return undefined
      if (verdict.result === 'fails') return { decision: await refusedBy(action, verdict.failure) }
      if (message.deadline < head.timestamp) {
        return { decision: { state: 'refused', problem: signatureExpired(message.deadline, head.timestamp) } }
      }
      const lost = action.tx.state === 'taken' ? await findLost(message, head) : undefined
      if (lost) return { decision: { state: 'done', ...lost } }
      const gas = actionGasLimit(verdict.gas, kinds.of(message).mostGasOf(message))
      return { signer, kind: message.action, call: { to, data, gas } }
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

    onPlaced: (action, attempt) => void events.emit('actionPlaced', { ...nameOf(action), ...attempt }),

    onDecided(action, decision) {
      const { txHash } = decision
      const outcome = decision.state === 'done' ? 'done' : decision.problem.code
      events.emit('actionDecided', { ...nameOf(action), ...(txHash && { txHash }), outcome })
    },

    onReopened: (action) => void events.emit('actionReopened', nameOf(action)),

    onFinal({ txHash, problem, ...action }) {
      const outcome = problem?.code ?? 'done'
      events.emit('actionFinal', { ...nameOf(action), ...(txHash && { txHash }), outcome })
    },
  })
}
