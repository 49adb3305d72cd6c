import type { Deployment } from '../../../core/deployment.ts'
import type { Endpoints } from '../../../core/node/endpoints.ts'
import { reuseResult } from '../../../core/reuseResult.ts'
import { createRpc } from './chain/client.ts'
import { createFees, createL1Fee } from './chain/fees.ts'
import { createFinalBlock, createHeads } from './chain/heads.ts'
import { createIntake } from './chain/intake.ts'
import { assertMarket, type Market } from './chain/market.ts'
import { createNextBlock } from './chain/nextBlock.ts'
import { createSignatureCheck } from './chain/signatures.ts'
import type { RelayEmitter } from './events.ts'
import { createContractsReader, createRegistryCheck } from './kinds/accounts/contracts.ts'
import type { IndexedUnstakers } from './kinds/accounts/examine.ts'
import { createAccountExamination } from './kinds/accounts/examine.ts'
import { accountActionKind } from './kinds/accounts/kind.ts'
import { createClaimExamination } from './kinds/claims/examine.ts'
import { ONE_CLAIM } from './kinds/claims/gas.ts'
import { claimKind } from './kinds/claims/kind.ts'
import { relayersAmong } from './kinds/claims/message.ts'
import { createKinds } from './kinds/kind.ts'
import type { IndexedCalls } from './kinds/open/kind.ts'
import { createKnownCalls, openCallKind } from './kinds/open/kind.ts'
import { CLAIM, UNSIGNED } from './kinds/request.ts'
import { createRunExamination } from './kinds/runs/examine.ts'
import { runActionKind } from './kinds/runs/kind.ts'
import type { Shares } from './ledger/spending.ts'
import { createActionStore } from './ledger/storedActions.ts'
import type { PipelineContext } from './pipeline/context.ts'
import { unavailable } from './refusal.ts'
import type { SenderContext } from './sender/context.ts'
import type { RemoteKey } from './sender/keys/remoteKeys.ts'
import type { Signer } from './sender/keys/signing.ts'
import { createNonceCheck } from './sender/nonceCheck.ts'
import { connectionName } from './sender/store/leases.ts'
import { insertSigner } from './sender/store/transactions.ts'
import { CONNECTIONS, openRelayPool } from './store/database.ts'
import { assertSameChain } from './store/migrations.ts'

type OfSender = 'databaseUrl' | 'accounts' | 'dailyBudget' | 'maxUnmined' | 'maxFeePerGas' | 'keeperInterval' | 'logger'

type OfPipeline = 'leastReward' | 'walletLimits' | 'indexedRuns' | 'feesPaid' | 'maxBatch' | 'interval'

export type RelaySettings = Pick<SenderContext, OfSender> &
  Pick<PipelineContext, OfPipeline> & {
    /** Of the chain; shared with the rest of the process. */
    endpoints: Endpoints
    deployment: Deployment
    remoteKeys: readonly RemoteKey[]
    /** Whether a devnet's relayer may make claims without the wallet’s signature. */
    allowUnsigned: boolean
    /** The smallest reward of a run that is posted, in USDC base units. */
    leastPost: bigint
    shares: Shares
    /** What anyone may ask for, in the index: what it refuses asks no node. */
    indexedCalls: IndexedCalls
    /** Who may unstake, in the index. */
    indexedUnstakers: IndexedUnstakers
    /** Emits events, for metrics, logs and traces. */
    events: RelayEmitter
    /** How many nonces of a key other programs may use before the node's counts are implausible. */
    foreignNonces: number
    /** How many days decided claims and their transactions are kept. */
    retentionDays: number
  }

/** The connections to the node for heads and fees. */
const WATCH_CONNECTIONS = 2

/** The connections to the node for what is not authenticated yet. */
const INTAKE_CONNECTIONS = 4

/**
 * What the sender and the steps of actions share, and what each has of its own.
 * @param holder names this process in its leases.
 */
export function createContexts(settings: RelaySettings, holder: string) {
  const { endpoints, databaseUrl, deployment, accounts, allowUnsigned, maxFeePerGas, events, logger } = settings
  const { BountyMarket: address, AgentStaking: staking } = deployment.contracts
  const { chainId } = deployment
  const client = createRpc(endpoints)
  const market: Market = { client, chainId, address, staking }
  const pool = openRelayPool(databaseUrl, connectionName(holder), CONNECTIONS.requests, logger)
  // Separate clients, because a slow call delays the other calls of its HTTP request. So broadcasts do not wait for
  // reads, heads do not wait for simulations, and simulations do not wait for claims that are not authenticated.
  const broadcaster = createRpc(endpoints)
  const watchClient = createRpc(endpoints, WATCH_CONNECTIONS)
  const heads = createHeads(watchClient, endpoints, settings.interval)

  const askRelayers = async () => {
    await assertMarket(market)
    await assertSameChain(pool, market, deployment)
    const signers = accounts.map((account) => account.address)
    const named = await relayersAmong(market, signers)
    logger.info({ signers, relayers: [...named], allowUnsigned }, 'the relay is ready')
    return named
  }
  let relayers = reuseResult(Number.POSITIVE_INFINITY, askRelayers)

  const fees = createFees(watchClient, heads, maxFeePerGas)
  const { dailyBudget, maxUnmined, leastReward, leastPost, indexedRuns, indexedUnstakers } = settings
  const shared = { pool, heads, fees, accounts, maxUnmined, whenReady: () => relayers(), events, logger }
  const sender: SenderContext = {
    ...shared,
    databaseUrl,
    chainId,
    client,
    broadcaster,
    leastGas: ONE_CLAIM.gas,
    l1Fee: createL1Fee(watchClient, ONE_CLAIM),
    finalBlock: createFinalBlock(client, logger),
    nonceCheck: createNonceCheck(settings.foreignNonces, logger),
    dailyBudget,
    maxFeePerGas,
    keeperInterval: settings.keeperInterval,
  }
  const readContracts = createContractsReader(market, deployment)
  const intake = createIntake({ ...market, client: createRpc(endpoints, INTAKE_CONNECTIONS) })
  const refusalOfRegistry = createRegistryCheck(intake.market, deployment)
  const checkSignature = createSignatureCheck(intake.isSignedByContract)
  const examining = { heads, indexedRuns, leastReward }
  const ofAccounts = { deployment, readContracts, leastPost, refusalOfRegistry, indexedUnstakers }
  const mayBeUnsigned = async () => allowUnsigned && (await relayers()).size > 0
  const examination = createClaimExamination(examining, intake, checkSignature, mayBeUnsigned)
  const ofAccount = createAccountExamination(examining, intake, checkSignature, ofAccounts)
  const kinds = createKinds([
    claimKind(market, heads, examination),
    runActionKind(market, createRunExamination(examining, intake, checkSignature)),
    accountActionKind(market, deployment, readContracts, ofAccount),
    openCallKind(market, createKnownCalls(intake, heads, settings.indexedCalls), leastReward),
  ])
  const pipeline: PipelineContext = {
    ...shared,
    market,
    kinds,
    store: createActionStore(kinds),
    indexedRuns,
    nextBlock: createNextBlock(watchClient, heads),
    async signersFor({ message, signature }) {
      if (accounts.length === 0) throw unavailable('The store of the relayer’s keys does not answer.')
      if (message.action !== CLAIM || signature !== UNSIGNED) return accounts
      const named = await relayers()
      return accounts.filter((account) => allowUnsigned && named.has(account.address))
    },
    leastReward,
    walletLimits: settings.walletLimits,
    spendingLimits: { budget: () => dailyBudget * BigInt(accounts.length), shares: settings.shares },
    feesPaid: settings.feesPaid,
    maxBatch: settings.maxBatch,
    interval: settings.interval,
  }

  async function addSigner(account: Signer) {
    await insertSigner(pool, account.address)
    accounts.push(account)
    // Whether the account may make unsigned claims is not known yet.
    relayers = reuseResult(Number.POSITIVE_INFINITY, askRelayers)
  }
  return { sender, pipeline, intake, checkSignature, examination, readContracts, refusalOfRegistry, addSigner }
}
