import { reuseResult } from '../../../core/reuseResult.ts'
import { createContractsReader } from './actions/accounts/contracts.ts'
import { accountActionForm } from './actions/accounts/form.ts'
import type { ActionsContext, FormContext } from './actions/context.ts'
import type { ActionForm } from './actions/form.ts'
import { openCallForm } from './actions/open/form.ts'
import { createKnownCalls } from './actions/open/known.ts'
import type { Message } from './actions/request.ts'
import { runActionForm } from './actions/runs/form.ts'
import { createActionStore } from './actions/store/actions.ts'
import { createRpc } from './chain/client.ts'
import { createFees, createL1Fee } from './chain/fees.ts'
import { createFinalBlock, createHeads } from './chain/heads.ts'
import { createIntake } from './chain/intake.ts'
import { assertMarket, type Market } from './chain/market.ts'
import { createNextBlock } from './chain/nextBlock.ts'
import { ONE_CLAIM } from './claims/chain/gas.ts'
import { relayersAmong } from './claims/chain/market.ts'
import type { ClaimsContext } from './claims/context.ts'
import { createFeesPaid } from './feesPaid.ts'
import { unavailable } from './refusal.ts'
import type { SenderContext } from './sender/context.ts'
import type { Signer } from './sender/keys/signing.ts'
import { createNonceCheck } from './sender/nonceCheck.ts'
import { connectionName } from './sender/store/leases.ts'
import { insertSigner } from './sender/store/transactions.ts'
import type { RelaySettings } from './settings.ts'
import { CONNECTIONS, openRelayPool } from './store/database.ts'
import { assertSameChain } from './store/migrations.ts'

/** The connections to the node for heads and fees. */
const WATCH_CONNECTIONS = 2

/** The connections to the node for what is not authenticated yet. */
const INTAKE_CONNECTIONS = 4

/**
 * What the sender, the claims and the actions about runs share, and what each has of its own.
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
  const shared = { pool, heads, fees, accounts, events, logger }
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
    dailyBudget: settings.dailyBudget,
    maxUnmined: settings.maxUnmined,
    maxFeePerGas,
    keeperInterval: settings.keeperInterval,
    whenReady: () => relayers(),
  }
  const checked = {
    ...shared,
    market,
    nextBlock: createNextBlock(watchClient, heads),
    leastReward: settings.leastReward,
    walletLimits: settings.walletLimits,
    spendingLimits: { budget: () => settings.dailyBudget * BigInt(accounts.length), shares: settings.shares },
    feesPaid: createFeesPaid(settings.indexedClaims),
    interval: settings.interval,
  }
  const claims: ClaimsContext = {
    ...checked,
    allowUnsigned,
    relayers: () => relayers(),
    async signersFor({ signed }) {
      if (accounts.length === 0) throw unavailable('The store of the relayer’s keys does not answer.')
      const named = await relayers()
      return signed ? accounts : accounts.filter((account) => allowUnsigned && named.has(account.address))
    },
    indexedClaims: settings.indexedClaims,
    maxBatch: settings.maxBatch,
  }
  const actions: ActionsContext = { ...checked, maxUnmined: settings.maxUnmined, whenReady: () => relayers() }
  const ofForm = <M extends Message>(form: ActionForm<M>): FormContext<M> => ({
    ...actions,
    form,
    store: createActionStore(form),
  })
  const readContracts = createContractsReader(market, deployment)
  const intake = createIntake({ ...market, client: createRpc(endpoints, INTAKE_CONNECTIONS) })
  const knownCalls = createKnownCalls(intake, heads, settings.indexedCalls)
  const runActions = ofForm(runActionForm(market))
  const accountActions = ofForm(accountActionForm(market, deployment, readContracts))

  async function addSigner(account: Signer) {
    await insertSigner(pool, account.address)
    accounts.push(account)
    // Whether the account may make unsigned claims is not known yet.
    relayers = reuseResult(Number.POSITIVE_INFINITY, askRelayers)
  }
  const openCalls = ofForm(openCallForm(market, knownCalls))
  return { sender, claims, runActions, accountActions, openCalls, knownCalls, intake, readContracts, addSigner }
}
