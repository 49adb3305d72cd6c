import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Address } from 'viem'
import { MAX_BATCH, MAX_UNMINED } from '../constants.ts'
import type { Deployment } from '../deployment.ts'
import { Problem } from '../errors.ts'
import { doTogether, together } from '../together.ts'
import { createRpc } from './chain/client.ts'
import { createFees } from './chain/fees.ts'
import { createFinalBlock } from './chain/finality.ts'
import { createHeads } from './chain/heads.ts'
import { assertMarket, type ClaimRequest, type Market, relayersAmong } from './chain/market.ts'
import { createClaims } from './claims.ts'
import type { RelayEmitter } from './events.ts'
import { createAdmission, type WalletLimits } from './intake/admission.ts'
import { observed } from './observed.ts'
import { createDispatch } from './queue/dispatch.ts'
import { startKeeper } from './reconciliation/keeper.ts'
import { createKeepSigner } from './reconciliation/keepSigner.ts'
import type { Relay } from './relay.ts'
import { watchDecided } from './results/decided.ts'
import type { ShownClaims } from './results/shown.ts'
import { createWatch } from './results/watch.ts'
import { signerStates } from './signerState.ts'
import { claimsById, claimsOfEach } from './store/claims.ts'
import { openRelayPool } from './store/database.ts'
import { assertSameChain } from './store/meta.ts'
import { migrate } from './store/migrations.ts'
import type { Candidate } from './store/reservations.ts'
import { type Mined, recordMined } from './store/settlements.ts'
import { insertSigner, recordBroadcasts, type Sent, someOther } from './store/transactions.ts'
import { type Allocated, createAllocator } from './submission/allocation.ts'
import { broadcast } from './submission/broadcast.ts'
import type { Signer } from './submission/signing.ts'

/** How long `close` waits for claims whose requests wait. Milliseconds. */
const CLOSE_TIMEOUT = 4_000

type Options = {
  rpcUrl: string
  /** The primary's: what is signed is stored there, in schema `relay`. */
  databaseUrl: string
  deployment: Deployment
  /** Each has nonces of its own. They need hold gas only. */
  accounts: Signer[]
  /** What each may spend on gas within 24 hours, in wei. */
  dailyBudget: bigint
  /** Whether a claim may go without the wallet's signature, where the market knows a signer as a relayer. */
  allowUnsigned: boolean
  walletLimits: WalletLimits
  logger: Logger
  /** How many claims a transaction makes at most. */
  maxBatch?: number
  /** How many transactions of an account may be unmined. */
  maxUnmined?: number
  /** The index's word on claims, where there is an index: it may know of a claim before its receipt is read. */
  shownClaims?: ShownClaims
  /** Whoever wants to know what happens listens here. */
  events?: RelayEmitter
  /** How often the chain's head is looked at, in milliseconds. */
  interval?: number
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
    logger,
    maxBatch = MAX_BATCH,
    maxUnmined = MAX_UNMINED,
    interval = 50,
  } = options
  const events: RelayEmitter = options.events ?? new EventEmitter()
  const client = createRpc(rpcUrl)
  // Connections of their own: what is signed does not queue behind what is asked.
  const sender = createRpc(rpcUrl)
  const { BountyMarket: address, AgentStaking: staking } = deployment.contracts
  const market: Market = { client, chainId: deployment.chainId, address, staking }
  const pool = openRelayPool(databaseUrl, accounts.length + 1, logger)
  const heads = createHeads(client, interval)
  const fees = createFees(client, heads)
  const finalBlock = createFinalBlock(market, logger)
  const allocator = createAllocator({ pool, market, heads, fees, maxBatch, maxUnmined, dailyBudget })
  const inHand = new Set<Promise<unknown>>()
  let closing = false

  const relayers = once(async () => {
    await assertMarket(market)
    await assertSameChain(pool, market, deployment)
    return findRelayers(market, options)
  })
  const keep = createKeepSigner({
    pool,
    market,
    sender,
    heads,
    finalBlock,
    fees,
    allocator,
    claimsOfTx: together((txs: readonly bigint[]) => claimsOfEach(pool, txs)),
    recordMined: doTogether((mined: readonly Mined[]) => recordMined(pool, mined)),
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
  const keeping = { pool, interval, ready: relayers, keep, logger }
  const keeper = startKeeper({
    ...keeping,
    kept: async () => accounts.map((signer) => ({ address: signer.address, signer })),
  })
  const drainer = startKeeper({ ...keeping, kept: () => someOther(pool, addresses) })

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
    keeper.wake()
  }

  /** What cannot be stored of it now, the keeper finds out. */
  function sendNow(...[allocated, made]: Parameters<typeof send>) {
    send(allocated, made).catch((err) =>
      logger.warn({ err, txHash: allocated.attempt.hash }, 'cannot say what was sent'),
    )
  }

  const dispatch = createDispatch({ allocator, accounts, send: sendNow, interval })
  const decided = watchDecided(pool, databaseUrl, events, logger)
  const shown = options.shownClaims && createWatch({ ...options.shownClaims, logger })
  const claim = createClaims({
    ...{ pool, market, heads, dispatch, decided, shown, signersFor, isClosing: () => closing, interval },
  })

  return {
    admit: createAdmission(pool, options.walletLimits),
    claim(...request) {
      const claiming = observed(events, request[0], () => claim(...request))
      inHand.add(claiming)
      claiming.catch(() => undefined).finally(() => inHand.delete(claiming))
      return claiming
    },
    find: async (claimId) => (await claimsById(pool, [claimId]))[0],
    async isFinal(blockNumber) {
      const finalized = await finalBlock()
      return finalized !== undefined && blockNumber <= finalized
    },
    waiting: dispatch.length,
    signers: () => signerStates(pool, client, addresses, dailyBudget),
    async close() {
      closing = true
      await Promise.race([Promise.allSettled(inHand), sleep(CLOSE_TIMEOUT, undefined, { ref: false })])
      if (inHand.size > 0)
        logger.warn({ undecided: inHand.size }, 'the relay closes before all requests have an answer')
      const stopped = Promise.all([keeper.stop(), drainer.stop(), decided.close()]).then(() => pool.end())
      // What the keeper is at may be cut: the next one finds it as it was left.
      await Promise.race([stopped, sleep(CLOSE_TIMEOUT, undefined, { ref: false })])
    },
  }
}

async function findRelayers(market: Market, { accounts, allowUnsigned, logger }: Options): Promise<Set<Address>> {
  const addresses = accounts.map(({ address }) => address)
  const relayers = await relayersAmong(market, addresses)
  logger.info({ signers: addresses, relayers: [...relayers], allowUnsigned }, 'the relay is ready')
  return relayers
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
