import { randomUUID } from 'node:crypto'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Hex } from 'viem'
import { listenTo } from '../../../core/database/notifications.ts'
import type { Requester } from '../../../core/fairLane.ts'
import { isSignedByKey, unwrap, type Word, walletNotDeployed } from './chain/signatures.ts'
import type { RelaySettings } from './contexts.ts'
import { createContexts } from './contexts.ts'
import type { ActionOutcome } from './events.ts'
import { readUnstakeNonce } from './kinds/accounts/contracts.ts'
import { slotOfClaim } from './kinds/claims/message.ts'
import type { ActionRequest } from './kinds/request.ts'
import { DECISIONS_CHANNEL } from './ledger/decisions.ts'
import { startRetention } from './ledger/retention.ts'
import { newcomersLeft } from './ledger/spending.ts'
import { countUnminedClaims, type StoredAction } from './ledger/storedActions.ts'
import { createActing } from './pipeline/act.ts'
import type { Asking } from './pipeline/context.ts'
import { createDispatcher } from './pipeline/dispatch.ts'
import { createKeeping } from './pipeline/keeping.ts'
import { createResults } from './pipeline/results.ts'
import { Refusal, type RefusalCode, unlessUnavailable } from './refusal.ts'
import { createSend } from './sender/broadcast.ts'
import { startKeeper } from './sender/keeper/keeper.ts'
import { openRemoteKeys } from './sender/keys/remoteKeys.ts'
import { createPlacer } from './sender/placement.ts'
import { type SignerState, signerStates } from './sender/signerState.ts'
import { connectionName } from './sender/store/leases.ts'
import { insertSigner } from './sender/store/transactions.ts'
import { CONNECTIONS, openRelayPool } from './store/database.ts'
import { migrate } from './store/migrations.ts'

/** How long `close` waits for requests, and then for the keepers. */
const CLOSE_TIMEOUT_MS = 4_000

/**
 * The state of a signer, with the number of claims in its unmined transactions, and the funds for one claim at twice the
 * current prices, in wei; undefined if the node does not answer in time.
 */
export type RelayerState = Omit<SignerState, 'callPrice'> & { claims: number; claimPrice: bigint | undefined }

/** Makes claims and other actions by sending transactions to the market. */
export type Relay = Awaited<ReturnType<typeof createRelay>>

/**
 * Starts the relay, also while the node or the store of a remote key does not answer yet. Any number of processes may
 * share a database and keys.
 * @throws if a remote key is unusable, if the node's chain is not that of the deployment and of the database, if there is
 * no market on it, or if the database cannot be used.
 */
export async function createRelay(settings: RelaySettings) {
  const holder = randomUUID()
  const remote = await openRemoteKeys(settings.remoteKeys, settings.logger)
  const accounts = [...settings.accounts, ...remote.signers]
  const contexts = createContexts({ ...settings, accounts }, holder)
  const { sender, pipeline, intake, examination, addSigner } = contexts
  const { pool, logger } = sender
  try {
    await migrate(pool)
    await Promise.all(accounts.map(({ address }) => insertSigner(pool, address)))
    await sender.whenReady().catch((error) => {
      unlessUnavailable(error)
      settings.endpoints.assertSomeOnChain()
      logger.warn({ err: error }, 'the relay starts without an answer of the chain’s node')
    })
  } catch (error) {
    await pool.end()
    throw error
  }
  const placer = createPlacer(sender)
  const keeperPool = openRelayPool(settings.databaseUrl, connectionName(holder), CONNECTIONS.keeper, logger)
  const ofKeeper = <Context extends { pool: pg.Pool }>(context: Context): Context => ({ ...context, pool: keeperPool })
  const keeperSender = ofKeeper(sender)
  const keeperPlacer = createPlacer(keeperSender)
  const keeper = startKeeper(keeperSender, { holder, actions: createKeeping(ofKeeper(pipeline), keeperPlacer) })
  const send = createSend(sender, keeper.wake)
  const dispatcher = createDispatcher(pipeline, placer, send)
  const notifications = listenTo({ url: settings.databaseUrl, channel: DECISIONS_CHANNEL, logger })
  const results = createResults(pipeline, notifications)
  const closing = new AbortController()
  const stopRetention = startRetention(pool, settings.retentionDays, pipeline.kinds.names, logger)
  const stopOpening = remote.openAbsent(addSigner)
  const acting = createActing(pipeline, dispatcher, results, closing.signal)
  const pending = new Set<Promise<unknown>>()

  /** `close` waits for the work. */
  function waitedFor<T>(work: Promise<T>): Promise<T> {
    pending.add(work)
    work.catch(() => undefined).finally(() => pending.delete(work))
    return work
  }

  /** Says more of a signature that is refused, where the account's code is why. */
  async function explained(
    refusal: Refusal,
    { message, signature }: ActionRequest,
    isWrapped: boolean,
  ): Promise<Refusal> {
    const { action, party } = message
    const isPayment = action === 'post' || action === 'stake'
    if (refusal.code !== 'INVALID_SIGNATURE' || !(isWrapped || isPayment)) return refusal
    const hasCode = await intake.hasCode(party)
    if (isWrapped && !hasCode) return walletNotDeployed(party)
    const digest = isPayment && hasCode ? await pipeline.kinds.of(message).idOf?.(message) : undefined
    // An account that has both a key and code is delegated.
    if (!digest || !isSignedByKey({ digest, wallet: party, signature })) return refusal
    const detail =
      `The key of ${party} signed, but the account is delegated (EIP-7702), and USDC asks its code, which does not accept the ` +
      'signature. Sign as that code expects, send it with the wallet, or end the delegation.'
    return new Refusal('INVALID_SIGNATURE', detail)
  }

  /** Emits events for the request and its answer. */
  async function observed(given: ActionRequest, asked: Asking): Promise<ActionOutcome> {
    const { signature, isWrapped } = unwrap(given.signature)
    const request = { ...given, signature }
    const start = performance.now()
    const emitAnswer = (outcome: ActionOutcome['status'] | RefusalCode | 'INTERNAL', actionId?: Hex) => {
      const milliseconds = performance.now() - start
      settings.events.emit('actionAnswered', { request, outcome, milliseconds, ...(actionId && { actionId }) })
    }
    settings.events.emit('actionReceived', { request })
    try {
      const outcome = await acting.act(request, asked)
      emitAnswer(outcome.status, outcome.actionId)
      return outcome
    } catch (error) {
      const refusal = error instanceof Refusal ? await explained(error, request, isWrapped) : undefined
      emitAnswer(refusal?.code ?? 'INTERNAL')
      throw refusal ?? error
    }
  }

  return {
    /**
     * Makes the action that its party has signed, or that the market allows to anyone. Sending the same request again is
     * always safe: a signed message is sent once.
     * @throws Refusal with the code of the contract’s refusal; REWARD_TOO_LOW; RATE_LIMITED; ACTION_PENDING, or CLAIM_PENDING, if
     * another action about the same is undecided; IDEMPOTENCY_CONFLICT if the key of a claim has another body; RELAY_UNAVAILABLE
     * if nothing was signed, or if the database connection broke so that the state is unknown.
     */
    act(request: ActionRequest, asked: Asking): Promise<ActionOutcome> {
      return waitedFor(observed(request, asked))
    },

    /** The contracts and USDC's domain, for what accounts sign. @throws Refusal RELAY_UNAVAILABLE. */
    readContracts: contexts.readContracts,

    /**
     * Why the registry registers no agent for another account than its caller; undefined if it does.
     * @throws Refusal RELAY_UNAVAILABLE.
     */
    refusalOfRegistry: contexts.refusalOfRegistry,

    /** The number of the agent's next withdrawal. @throws Refusal RELAY_UNAVAILABLE. */
    unstakeNonceOf: (agentId: bigint) => readUnstakeNonce(intake.read, pipeline.market.staking, agentId),

    /**
     * Whether the wallet's key or its contract signed the word, which is no action.
     * @throws Refusal WALLET_NOT_DEPLOYED, RELAY_UNAVAILABLE.
     */
    async isSigned(word: Word, requester: Requester): Promise<boolean> {
      const { signature, isWrapped } = unwrap(word.signature)
      if (await contexts.checkSignature({ ...word, signature }, intake.hasCode, requester)) return true
      if (isWrapped && !(await intake.hasCode(word.wallet))) throw walletNotDeployed(word.wallet)
      return false
    },

    /** Waits, for at most 100 ms, while a claim of the run is in the queue. @returns whether it waited. */
    waitUnread: (bountyId: bigint) => acting.waitUnread(slotOfClaim(bountyId)),

    /** The smallest reward of a run whose claims are made, in USDC base units. */
    leastReward: settings.leastReward,

    /** The smallest reward of a run that is posted, in USDC base units. */
    leastPost: settings.leastPost,

    /** Resolves in another turn of the event loop, once no claim of a contended run waits for its examination. */
    async waitForExaminations() {
      do await setImmediate()
      while (examination.isBusy())
    },

    /** Finds a stored action; undefined if no transaction was ever signed for it. */
    find: async (actionId: Hex): Promise<StoredAction | undefined> => (await pipeline.store.byId(pool, [actionId]))[0],

    /** Whether the node has finalized the block. */
    async isFinal(blockNumber: bigint) {
      const finalized = await sender.finalBlock()
      return finalized !== undefined && blockNumber <= finalized
    },

    /** @throws Refusal RELAY_UNAVAILABLE if the node or the database does not answer. */
    async signers(): Promise<RelayerState[]> {
      const [states, unminedClaims] = await Promise.all([signerStates(sender), countUnminedClaims(pool)])
      return states.map(({ callPrice, ...state }) => {
        return { ...state, claims: unminedClaims.get(state.signer) ?? 0, claimPrice: callPrice }
      })
    },

    /** What is left of the budget that newcomers share, in wei. @throws Refusal RELAY_UNAVAILABLE. */
    newcomersLeft: () => newcomersLeft(pool, pipeline.spendingLimits),

    /** The keys without a signer, because their store has not answered since the start. */
    absentKeys: remote.absent,

    /** The number of claims that wait in this process for a signer. */
    waiting: dispatcher.waitingClaims,

    /** Stops accepting claims, and answers the waiting ones within a timeout. Signed transactions stay stored. */
    async close() {
      closing.abort()
      await Promise.race([Promise.allSettled(pending), sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })])
      if (pending.size > 0)
        logger.warn({ undecided: pending.size }, 'the relay closes before all requests have an answer')
      const stopped = Promise.all([keeper.stop(), stopRetention(), notifications.close(), stopOpening()]).then(() =>
        Promise.all([pool.end(), keeperPool.end()]),
      )
      // A keeper may be stopped at any point: the next keeper continues from what is stored.
      await Promise.race([stopped, sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })])
    },
  }
}
