import type { Address, TransactionReceipt } from 'viem'
import type { ChainHead } from '../chain/heads.ts'
import { type Failure, tryCall } from '../chain/market.ts'
import { nextTimestamp, REORG_MARGIN_SECONDS } from '../chain/nextBlock.ts'
import { failureInBatch } from '../kinds/claims/kind.ts'
import type { Made } from '../kinds/kind.ts'
import { signatureExpired, unexplained } from '../kinds/refusal.ts'
import { isClaim, type Message, nameOf, nounOf, UNSIGNED } from '../kinds/request.ts'
import { type Decision, recordDecision, reopenRows, storeDecisions } from '../ledger/decisions.ts'
import { hasStranded, moveRow, type StoredAction } from '../ledger/storedActions.ts'
import { isUnavailable, type Refusal } from '../refusal.ts'
import type { Actions } from '../sender/action.ts'
import type { Turn } from '../sender/context.ts'
import { type Call, type Signer, signingRestOf } from '../sender/keys/signing.ts'
import type { Placer } from '../sender/placement.ts'
import type { PipelineContext } from './context.ts'
import { callOfAll } from './packing.ts'
import { createSimulate } from './simulate.ts'

/** An unmined claim that is older than this is checked on chain, because its run may have ended before its signature. */
const STUCK_SECONDS = 60

/** The interval between checks of a signer's actions. A check calls the node once per action. */
const INTERVAL_MS = 5_000

/** The most actions of one check. */
const MAX_EXPIRING = 50

type Decided = [StoredAction, Decision]

/** A transaction that may decide an action whose own can no longer do so. */
type NextTransaction = { signer: Signer; kind: string; call: Call }

/** How the keeper of a process decides actions, and sends them anew. */
export function createKeeping(context: PipelineContext, placer: Placer): Actions<StoredAction, Decided> {
  const { pool, market, kinds, store, heads, signersFor, events, logger } = context
  const simulate = createSimulate(context)
  /** By signer, when its actions were last checked. */
  const lookedAt = new Map<Address, number>()

  /**
   * What it means that the chain refuses the action at this block: it may refuse it because another transaction has made it,
   * of which anyone can take the signature.
   */
  async function refusedAt(block: bigint, action: StoredAction, failure: Failure): Promise<Decision> {
    const { message } = action.request
    const kind = kinds.of(message)
    const refusal = await kind.refusalOfFailure(failure, message, block)
    // An older head may lack the block that the refusal is about.
    return refusedFor(action, refusal, await heads.since(performance.now()), block)
  }

  /** @param block at which the chain refuses it. */
  async function refusedFor(
    { request }: StoredAction,
    problem: Refusal,
    head: ChainHead,
    block = head.number,
  ): Promise<Decision> {
    const kind = kinds.of(request.message)
    const made = kind.madeAlready.has(problem.code) && (await kind.findMade(request, head, block))
    return made ? { state: 'done', ...made } : { state: 'refused', problem }
  }

  /**
   * @returns undefined if the action stays open: a filler used up its nonce, or it had too little of its batch's gas. The keeper
   * finds it as one whose transaction can no longer decide it.
   */
  async function decisionOf(
    action: StoredAction,
    { status, from, logs, blockNumber, transactionHash: txHash }: TransactionReceipt,
    isFiller: boolean,
    isAlone: boolean,
  ): Promise<Decision | undefined> {
    const { actionId, request } = action
    const { message } = request
    const kind = kinds.of(message)
    if (status === 'success' && !isFiller) {
      const proof = kind.proofIn(message, logs)
      if (proof) return { state: 'done', blockNumber, txHash, ...proof }
      if (!isClaim(request)) throw new Error(`Transaction ${txHash} succeeded without the event of action ${actionId}`)
    }
    const reason = isClaim(request) ? failureInBatch(request.message, logs) : undefined
    // An item that ran out of gas has no reason, and may succeed alone. The state after the block contains whatever made the
    // action fail in it.
    const trial = reason?.error ? { failure: reason } : await tryCall(market, kinds.callOf(from, request), blockNumber)
    if ('failure' in trial) {
      const decision = await refusedAt(blockNumber, action, trial.failure)
      return decision.state === 'done' ? decision : { ...decision, blockNumber, txHash }
    }
    if (status === 'success' || !isAlone || isFiller) return undefined
    const problem = unexplained(nounOf(message), { txHash, blockNumber: Number(blockNumber) })
    return { state: 'refused', problem, blockNumber, txHash }
  }

  /** What the action has made, if the transaction that used its nonce was one of its own that the database has lost. */
  async function findLost(message: Message, head: ChainHead): Promise<Made | undefined> {
    const found = (await kinds.of(message).findLost?.(message, head)) ?? []
    if (found.length === 0) return undefined
    const known = await store.makersFor(pool, message.party)
    return found.find(({ txHash }) => txHash !== undefined && !known.has(txHash))
  }

  /** The decision about an open action that may have expired; undefined if it may still succeed. */
  async function expiryOf({ lease, head }: Turn, action: StoredAction): Promise<Decision | undefined> {
    const { message, signature } = action.request
    // An earlier deadline has passed, even after a reorg.
    const latest = head.timestamp - REORG_MARGIN_SECONDS
    const isSignatureDead = signature !== UNSIGNED && message.deadline < latest
    const trial = await tryCall(market, kinds.callOf(lease.signer, action.request), head.number)
    if ('passed' in trial) {
      // The contract of a registration does not know the deadline.
      return isSignatureDead
        ? { state: 'refused', problem: signatureExpired(message.deadline, head.timestamp) }
        : undefined
    }
    const { error } = trial.failure
    const isRunOver = error?.errorName === 'BountyDeadlinePassed' && error.args[1] < latest
    return isSignatureDead || isRunOver ? refusedAt(head.number, action, trial.failure) : undefined
  }

  /** What becomes of a stranded action: its decision, or its next transaction; undefined if neither is known yet. */
  async function nextOf(
    { lease, head }: Turn,
    action: StoredAction,
  ): Promise<{ decision: Decision } | NextTransaction | undefined> {
    const { request } = action
    const { message, signature } = request
    const able = await signersFor(request)
    // A key that does not sign must not delay an action that another one can make.
    const signing = able.filter((account) => signingRestOf(account) === 0)
    const signer = signing.find(({ address }) => address === lease.signer) ?? signing[0]
    if (!signer && able.length > 0) return undefined
    // If no signer can make it now, the revert of a call by this one says why.
    const simulated = await simulate(signer?.address ?? lease.signer, action, await heads.since(performance.now()))
    if (simulated.result === 'undecided') return undefined
    if (simulated.result === 'fails') {
      return { decision: await refusedFor(action, simulated.refusal, await heads.since(performance.now())) }
    }
    if (!signer) return undefined
    if (signature !== UNSIGNED && message.deadline < head.timestamp) {
      return { decision: { state: 'refused', problem: signatureExpired(message.deadline, head.timestamp) } }
    }
    const lost = action.tx.state === 'taken' ? await findLost(message, head) : undefined
    if (lost) return { decision: { state: 'done', ...lost } }
    // In a transaction of its own, in which no other action can prevent its decision.
    const call = callOfAll(context, signer.address, [{ request, gas: simulated.gas }])
    return { signer, kind: message.action, call }
  }

  const toRow = ([action, decision]: Decided) => {
    const { message } = action.request
    const isOwnFault = decision.state === 'refused' && !kinds.of(message).isBlameless(message, decision.problem)
    return { action: action.actionId, tx: action.tx.id, decision, isOwnFault }
  }

  function tellDecided([action, decision]: Decided) {
    const { txHash } = decision
    const outcome = decision.state === 'done' ? 'done' : decision.problem.code
    events.emit('actionDecided', { ...nameOf(action), ...(txHash && { txHash }), outcome })
  }

  /** Stores a decision that the action's transaction did not make. */
  async function decide({ lease }: Turn, action: StoredAction, decision: Decision) {
    if (await recordDecision(pool, lease, toRow([action, decision]))) tellDecided([action, decision])
  }

  async function giveUp(turn: Turn, action: StoredAction) {
    const decision = await expiryOf(turn, action)
    if (!decision) return
    logger.warn({ id: action.actionId, txHash: action.tx.hash }, 'an unmined action can no longer succeed')
    await decide(turn, action, decision)
  }

  /**
   * Until another transaction has used the nonce, an action stays with its signer, even without its key: the signed transaction
   * is public and may be mined, so another signer could make the action twice.
   * @returns whether the action is decided or has a new transaction.
   */
  async function renew(turn: Turn, action: StoredAction): Promise<boolean> {
    const { actionId: id } = action
    const next = await nextOf(turn, action)
    if (!next) return false
    if ('decision' in next) {
      await decide(turn, action, next.decision)
      return true
    }
    const { signer, kind, call } = next
    const renewed = await placer.placeAgain(signer, async (db) => {
      const tx = await moveRow(db, turn.lease, id, action.tx.id)
      return tx === undefined ? [] : [{ tx, kind, call }]
    })
    if (typeof renewed === 'string') return false
    const [placed] = renewed
    if (!placed) return true
    const { nonce, attempt } = placed
    events.emit('actionPlaced', { ...nameOf(action), signer: signer.address, nonce, txHash: attempt.hash })
    logger.warn({ id, txHash: attempt.hash }, 'sends an action anew')
    return true
  }

  /** The open actions of a transaction that may still be sent. */
  async function openOf(tx: bigint): Promise<StoredAction[]> {
    const open = (await store.ofTxs(pool, tx)).filter(({ state }) => state === 'open')
    const earliest = nextTimestamp(await heads.latest())
    // The market refuses a claim whose signature has expired. No contract knows the deadline of a registration.
    return open.filter(({ request }) => isClaim(request) || request.message.deadline >= earliest)
  }

  return {
    names: kinds.names,
    hasStranded: hasStranded(kinds.names),
    store: (decided) => storeDecisions(decided.map(toRow)),
    reopen: reopenRows,
    actionsOf: async (txs) => Map.groupBy(await store.ofTxs(pool, ...txs), ({ tx }) => tx.id),

    async conclude(actions, receipt, isFiller) {
      const isAlone = actions.length === 1
      const decisions = actions.map((action) => decisionOf(action, receipt, isFiller, isAlone))
      return (await Promise.all(decisions)).flatMap((decision, place): Decided[] => {
        const action = actions[place]
        return decision && action ? [[action, decision]] : []
      })
    },

    onDecided(decided, changed) {
      for (const one of decided) if (changed.has(one[0].actionId)) tellDecided(one)
    },

    async onReopened(tx) {
      for (const action of await store.ofTxs(pool, tx)) {
        if (action.state === 'open') events.emit('actionReopened', nameOf(action))
      }
    },

    async onFinal(txs) {
      for (const { state, txHash, problem, ...action } of await store.ofTxs(pool, ...txs)) {
        if (state === 'open') continue
        events.emit('actionFinal', { ...nameOf(action), ...(txHash && { txHash }), outcome: problem?.code ?? 'done' })
      }
    },

    /** Without an open action, a transaction that a reorg made valid again could make its action a second time. */
    async isOverdue(tx) {
      const [action] = await store.ofTxs(pool, tx)
      return !(action && isClaim(action.request)) && (await openOf(tx)).length === 0
    },

    async callWorthSending(tx, from, gas) {
      const open = await openOf(tx)
      const trials = await Promise.all(
        open.map(({ request }) => tryCall(market, kinds.callOf(from, request), 'latest')),
      )
      const passing = open.filter((_, place) => 'passed' in (trials[place] ?? {}))
      if (passing.length === 0) return undefined
      // The limit of a batch is more than one action needs.
      const priced = passing.map(({ request }) => {
        const most = kinds.of(request.message).mostGasOf(request.message)
        return { request, gas: lesser(gas, most) }
      })
      return callOfAll(context, from, priced)
    },

    /**
     * Refuses unmined actions that can no longer succeed, so that others in their slots can. Their transactions may still be
     * mined and revert. If this process has the signer's key, a filler replaces them.
     */
    async giveUpExpired(turn, used) {
      const { signer } = turn.lease
      const now = performance.now()
      if (now - (lookedAt.get(signer) ?? Number.NEGATIVE_INFINITY) < INTERVAL_MS) return
      lookedAt.set(signer, now)
      const latest = turn.head.timestamp - REORG_MARGIN_SECONDS
      const which = { used, latest, stuckSeconds: STUCK_SECONDS, limit: MAX_EXPIRING }
      const expiring = await store.expiringOf(pool, signer, which)
      await Promise.all(expiring.map((action) => giveUp(turn, action)))
    },

    /** An action that cannot be renewed now does not delay the others. */
    async sendAnew(turn) {
      const stranded = await store.strandedOf(pool, turn.lease.signer)
      const renewed = stranded.map((action) =>
        renew(turn, action).catch((error) => {
          const level = isUnavailable(error) ? 'warn' : 'error'
          logger[level]({ err: error, id: action.actionId }, 'cannot send an action anew')
          return false
        }),
      )
      return (await Promise.all(renewed)).every(Boolean)
    },
  }
}

const lesser = (left: bigint, right: bigint) => (left < right ? left : right)
