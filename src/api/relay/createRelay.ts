import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { type Address, parseGwei } from 'viem'
import { MAX_BATCH, MAX_UNMINED } from '../constants.ts'
import type { Deployment } from '../deployment.ts'
import { Problem } from '../errors.ts'
import { doTogether } from '../together.ts'
import { createRpc } from './chain/client.ts'
import { createFees } from './chain/fees.ts'
import { createFinalBlock } from './chain/finality.ts'
import { createHeads } from './chain/heads.ts'
import { assertMarket, type ClaimRequest, type Market, relayersAmong } from './chain/market.ts'
import { createChainViews } from './chain/views.ts'
import { createClaimFlow } from './claimFlow.ts'
import type { RelayEmitter } from './events.ts'
import { createExamination } from './intake/examine.ts'
import { observed } from './observed.ts'
import { createDispatcher } from './queue/dispatcher.ts'
import { startKeeper } from './reconciliation/keeper.ts'
import { createReconcile } from './reconciliation/reconcileSigner.ts'
import type { IndexedClaims, Relay } from './relay.ts'
import { watchDecisions } from './results/decisions.ts'
import { createFollow } from './results/follow.ts'
import { createWatch } from './results/watch.ts'
import { signerStates } from './signerState.ts'
import { claimsById, type StoredClaim } from './store/claims.ts'
import { openRelayPool } from './store/database.ts'
import { connectionName } from './store/leases.ts'
import { createLookUp, type WalletLimits } from './store/lookUp.ts'
import { assertSameChain, migrate } from './store/migrations.ts'
import type { Candidate } from './store/reservations.ts'
import { startRetention } from './store/retention.ts'
import { insertSigner, recordBroadcasts, type Sent } from './store/transactions.ts'
import { type Allocated, createAllocator } from './submission/allocation.ts'
import { broadcast } from './submission/broadcast.ts'
import { createNonceCheck } from './submission/nonceCheck.ts'
import type { Signer } from './submission/signing.ts'

/** How long `close` waits for requests, and then for the keepers. */
const CLOSE_TIMEOUT_MS = 4_000

/** How many connections to the node read heads and fees. */
const WATCH_CONNECTIONS = 2

/** How many connections to the node read for claims that are not authenticated yet. */
const INTAKE_CONNECTIONS = 4

type Options = {
  rpcUrl: string
  /** Of the primary: what is signed is stored there, in schema `relay`. */
  databaseUrl: string
  deployment: Deployment
  /** Each has nonces of its own. They need hold gas only. */
  accounts: Signer[]
  /** What each may spend on gas within 24 hours, in wei. */
  dailyBudget: bigint
  /** Whether a relayer of a devnet may claim without the wallet’s signature. */
  allowUnsigned: boolean
  walletLimits: WalletLimits
  logger: Logger
  /** How many claims a transaction makes at most. */
  maxBatch?: number
  /** How many transactions of an account may be unmined. */
  maxUnmined?: number
  /** What the index says of claims, where there is one: it may show a claim before its receipt is read. */
  indexedClaims?: IndexedClaims
  /** Emits what happens, for metrics and logs. */
  events?: RelayEmitter
  /** How often the chain’s head is read while a claim waits for it, in milliseconds. */
  interval?: number
  /** How often the keeper looks for unsettled transactions where no event asks for it, in milliseconds. */
  keeperInterval?: number
  /** The most that a transaction may offer per gas, in wei. */
  maxFeePerGas?: bigint
  /** How many nonces others may use of a key before the node's counts are implausible. */
  foreignNonces?: number
  /** How many days decided claims and their transactions are kept. */
  retentionDays?: number
}

/**
 * Starts the relay. A node that does not answer yet does not stop it; any number of processes may share a database and keys.
 * @throws if the node serves another chain than the deployment's or than the database is about, or one without the
 * market, or if the database cannot be used.
 */
export async function createRelay(options: Options): Promise<Relay> {
  const {
    rpcUrl,
    databaseUrl,
    deployment,
    accounts,
    dailyBudget,
    walletLimits,
    indexedClaims,
    logger,
    maxBatch = MAX_BATCH,
    maxUnmined = MAX_UNMINED,
    interval = 50,
    keeperInterval = 1_000,
    maxFeePerGas = parseGwei('200'),
    foreignNonces = 16,
    retentionDays = 90,
  } = options
  const events: RelayEmitter = options.events ?? new EventEmitter()
  const client = createRpc(rpcUrl)
  // Connections of their own, for a slow call delays the others of its HTTP request: what is signed does not wait for
  // reads, nor the head for a simulation, nor a simulation for claims that are not authenticated.
  const sender = createRpc(rpcUrl)
  const watchClient = createRpc(rpcUrl, WATCH_CONNECTIONS)
  const intakeClient = createRpc(rpcUrl, INTAKE_CONNECTIONS)
  const { BountyMarket: address, AgentStaking: staking } = deployment.contracts
  const market: Market = { client, chainId: deployment.chainId, address, staking }
  const holder = randomUUID()
  const pool = openRelayPool(databaseUrl, connectionName(holder), logger)
  const heads = createHeads(watchClient, interval)
  const fees = createFees(watchClient, heads, maxFeePerGas)
  const finalBlock = createFinalBlock(market, logger)
  const nonceCheck = createNonceCheck(foreignNonces, logger)
  const allocator = createAllocator({
    pool,
    market,
    heads,
    fees,
    nonceCheck,
    maxBatch,
    maxUnmined,
    dailyBudget,
    walletLimits,
  })
  const pending = new Set<Promise<unknown>>()
  let closing = false

  const relayers = once(async () => {
    await assertMarket(market)
    await assertSameChain(pool, market, deployment)
    return findRelayers(market, options)
  })
  const reconcile = createReconcile({
    pool,
    market,
    sender,
    heads,
    finalBlock,
    fees,
    maxFeePerGas,
    allocator,
    nonceCheck,
    accountOf: (address) => accounts.find((account) => account.address === address),
    signersFor,
    events,
    logger,
  })
  const addresses = accounts.map((account) => account.address)

  try {
    await migrate(pool)
    await Promise.all(accounts.map(({ address }) => insertSigner(pool, address)))
    await relayers().catch((error) => {
      if (!(error instanceof Problem)) throw error
      logger.warn({ err: error }, 'the relay starts without an answer of the chain’s node')
    })
  } catch (error) {
    await pool.end()
    throw error
  }
  const keeper = startKeeper({
    pool,
    databaseUrl,
    holder,
    heads,
    interval: keeperInterval,
    ready: relayers,
    reconcile,
    logger,
  })
  const retention = startRetention(pool, retentionDays, logger)

  async function signersFor({ signed }: ClaimRequest) {
    const named = await relayers()
    return signed ? accounts : accounts.filter(({ address }) => options.allowUnsigned && named.has(address))
  }

  const record = doTogether((sent: readonly Sent[]) => recordBroadcasts(pool, sent))

  async function send({ tx, signer, nonce, attempt }: Allocated, made: Candidate[]) {
    const name = { signer, nonce, txHash: attempt.hash }
    for (const { claim } of made) events.emit('claimReserved', { ...claim, ...name })
    const { result, error } = await broadcast(sender, attempt.raw)
    events.emit('attemptSent', { ...name, result, error, claims: made.length })
    for (const { claim } of made) events.emit('claimSent', { ...claim, ...name, result })
    if (result !== 'accepted') logger.warn({ nonce, txHash: attempt.hash, result, err: error }, 'cannot send yet')
    await record({ tx, result })
    heads.expire()
    keeper.wake(signer)
  }

  /** If the node’s answer cannot be stored, the keeper asks the node again. */
  function sendNow(...[allocated, made]: Parameters<typeof send>) {
    send(allocated, made).catch((err) =>
      logger.warn({ err, txHash: allocated.attempt.hash }, 'cannot store the answer to a broadcast'),
    )
  }

  const dispatcher = createDispatcher({ market, heads, allocator, accounts, maxBatch, send: sendNow, interval })
  const decisions = watchDecisions(pool, databaseUrl, events, logger)
  const intakeMarket = { ...market, client: intakeClient }
  const examine = createExamination({
    market: intakeMarket,
    views: createChainViews(intakeMarket, heads),
    mayBeUnsigned: async () => options.allowUnsigned && (await relayers()).size > 0,
  })
  const claim = createClaimFlow({
    pool,
    market,
    heads,
    dispatcher,
    examine,
    lookUp: createLookUp(pool, walletLimits),
    walletLimits,
    decisions,
    ...createFollow({ pool, decisions, wins: indexedClaims && createWatch({ ...indexedClaims, logger }) }),
    isEligible: indexedClaims?.isEligible,
    signersFor,
    isClosing: () => closing,
    interval,
  })

  /** The index may show a win before the keeper has stored it: a client that got a 200 must not read `accepted` then. */
  async function withIndexedWin(found: StoredClaim): Promise<StoredClaim> {
    if (found.state !== 'open' || !indexedClaims) return found
    const wins = await indexedClaims.look([found]).catch(ignoreUnavailable)
    const win = wins?.get(found.claimId)
    return win ? { ...found, state: 'won', txHash: win.txHash, blockNumber: win.blockNumber } : found
  }

  return {
    claim(request, context) {
      const claiming = observed(events, request, () => claim(request, context))
      pending.add(claiming)
      claiming.catch(() => undefined).finally(() => pending.delete(claiming))
      return claiming
    },
    async find(claimId) {
      const [found] = await claimsById(pool, [claimId])
      return found && withIndexedWin(found)
    },
    async isFinal(blockNumber) {
      const finalized = await finalBlock()
      return finalized !== undefined && blockNumber <= finalized
    },
    waiting: dispatcher.length,
    signers: () => signerStates({ pool, client, nonceCheck, signers: addresses, budget: dailyBudget }),
    async close() {
      closing = true
      await Promise.race([Promise.allSettled(pending), sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })])
      if (pending.size > 0)
        logger.warn({ undecided: pending.size }, 'the relay closes before all requests have an answer')
      const stopped = Promise.all([keeper.stop(), retention.stop(), decisions.close()]).then(() => pool.end())
      // A keeper’s work may be cut off: the next keeper finds it as it was left.
      await Promise.race([stopped, sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })])
    },
  }
}

async function findRelayers(market: Market, { accounts, allowUnsigned, logger }: Options): Promise<Set<Address>> {
  const addresses = accounts.map(({ address }) => address)
  const relayers = await relayersAmong(market, addresses)
  logger.info({ signers: addresses, relayers: [...relayers], allowUnsigned }, 'the relay is ready')
  return relayers
}

function ignoreUnavailable(error: unknown): undefined {
  if (!(error instanceof Problem)) throw error
}

/** Remembers the answer, but no failure. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined
  return () => {
    asked ??= ask().catch((error) => {
      asked = undefined
      throw error
    })
    return asked
  }
}
