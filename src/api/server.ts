import { EventEmitter } from 'node:events'
import { privateKeyToAccount } from 'viem/accounts'
import { listenForBlocks } from '../../core/database/notifications.ts'
import { refusePooler } from '../../core/database/refusePooler.ts'
import { DEVNET, readDeployment } from '../../core/deployment.ts'
import { apiSettings, readEnv } from '../../core/env.ts'
import { importOptional } from '../../core/importOptional.ts'
import { createLogger } from '../../core/logger.ts'
import { createChainClient } from '../../core/node/chainClient.ts'
import { createEndpoints } from '../../core/node/endpoints.ts'
import { stopGracefully } from '../../core/stopProcess.ts'
import { createApp } from './app.ts'
import { openContentStore } from './content/store.ts'
import { createClientLimits } from './http/clientLimits.ts'
import { createHttpServer, drain, listen } from './http/httpServer.ts'
import { sharesOf } from './http/networkShares.ts'
import { openReadPool } from './index/pool.ts'
import { IndexReader } from './index/reader.ts'
import { indexedFees } from './indexedFees.ts'
import { indexedForRelay } from './indexedForRelay.ts'
import { recordSteps } from './observability/actionTraces.ts'
import { measureLag, watchIndexLag } from './observability/indexLag.ts'
import { createMetrics, createRequestTimer, measureStreams } from './observability/metrics.ts'
import { watchForOrphan } from './observability/orphanedIndex.ts'
import { createReadiness } from './observability/readiness.ts'
import { logRelay } from './observability/relayLog.ts'
import { measureRelay } from './observability/relayMetrics.ts'
import { measureReserves } from './observability/reservesMetric.ts'
import type { RelayEmitter } from './relay/events.ts'
import { createRelay } from './relay/relay.ts'
import type { Signer } from './relay/sender/keys/signing.ts'
import { createBalances } from './reserves.ts'
import { healthRoutes, operatorRoutes } from './routes/health.ts'
import { createStreams } from './stream/streams.ts'

/**
 * Timeouts of a graceful stop. A claim waits up to 15 s for its block, then the relay takes up to 8 s to close, and
 * Kubernetes kills the process 30 s after SIGTERM.
 */
const DRAIN_TIMEOUT_MS = 18_000
const EXIT_TIMEOUT_MS = 28_000

/** How long the node may take to answer a check of the chain. */
const CHECK_TIMEOUT_MS = 5_000

/** Fifteen blocks of an OP Stack rollup. A devnet's chain may mine on demand only. */
const STOPPED_SECONDS = 30

/** Many more than Prometheus, probes and people open. */
const MAX_OPERATOR_CONNECTIONS = 1_000

const env = readEnv(apiSettings)
const deployment = readDeployment(env.CHAIN_ID, env.DEPLOYMENTS_DIR)
const logger = createLogger({ level: env.LOG_LEVEL, rpcUrls: env.RPC_URL })

/** Stops the process gracefully. Before it listens, there is nothing to stop. */
let stop = async () => {}
stopGracefully(() => stop(), { timeoutMs: EXIT_TIMEOUT_MS, logger })

// The SDKs of OpenTelemetry and AWS are loaded only where they are used: they take memory and time, and may be absent.
const collector = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_ENDPOINT
const loadTracing = () => import('./observability/otlpTracing.ts')
const tracing = collector
  ? (await importOptional('OTEL_EXPORTER_OTLP_ENDPOINT', loadTracing)).startTracing({
      collector,
      ratio: env.OTEL_TRACES_SAMPLER_ARG,
      logger,
    })
  : undefined
const relays = env.RELAY === 'on'
const accounts: Signer[] = relays ? (env.RELAYER_PRIVATE_KEY ?? []).map((key) => privateKeyToAccount(key)) : []
const loadKms = () => import('./relay/sender/keys/awsKms.ts')
const remoteKeys =
  relays && env.RELAYER_KMS_KEYS
    ? await (await importOptional('RELAYER_KMS_KEYS', loadKms)).awsKmsKeys(env.RELAYER_KMS_KEYS)
    : []
const endpoints = createEndpoints({ rpcUrls: env.RPC_URL, chainId: env.CHAIN_ID, logger })

await refusePooler('DATABASE_URL', env.DATABASE_URL)
if (env.DATABASE_READ_URL) await refusePooler('DATABASE_READ_URL', env.DATABASE_READ_URL)
const readPool = openReadPool({
  url: env.DATABASE_READ_URL ?? env.DATABASE_URL,
  schema: env.DATABASE_SCHEMA,
  connections: env.DATABASE_READ_CONNECTIONS,
  logger,
})
const blockNotifications = listenForBlocks({ url: env.DATABASE_URL, schema: env.DATABASE_SCHEMA, logger })
// Each check asks anew. A check that fails is soon repeated.
const chain = createChainClient(endpoints, { http: { retryCount: 0, timeout: CHECK_TIMEOUT_MS }, cacheTime: 0 })
const orphan = watchForOrphan({ client: chain, chainId: env.CHAIN_ID, pool: readPool, logger })
const index = new IndexReader(readPool, env.CHAIN_ID, {
  notifications: blockNotifications,
  latestBlock: () => indexLag.lag().chain,
  orphaned: orphan.reason,
})
const registry = createMetrics(index, readPool)
const indexLag = watchIndexLag({ client: chain, index, stallSeconds: env.STALL_SECONDS, logger })
measureLag(registry, indexLag.lag)
const readBalances = createBalances(chain, deployment)
measureReserves(registry, { index, readBalances })

const events: RelayEmitter = new EventEmitter()
const relay =
  accounts.length + remoteKeys.length === 0
    ? undefined
    : await createRelay({
        endpoints,
        databaseUrl: env.DATABASE_URL,
        deployment,
        accounts,
        remoteKeys,
        allowUnsigned: env.ALLOW_UNSIGNED_CLAIMS ?? env.CHAIN_ID === DEVNET,
        leastReward: env.MIN_RELAYED_REWARD,
        leastPost: env.MIN_RELAYED_POST,
        walletLimits: { perMinute: env.WALLET_CLAIMS_PER_MINUTE, perDay: env.WALLET_CLAIMS_PER_DAY },
        shares: {
          wallet: env.WALLET_BUDGET_PERCENT,
          agent: env.AGENT_BUDGET_PERCENT,
          poster: env.POSTER_BUDGET_PERCENT,
          newcomers: env.NEWCOMERS_BUDGET_PERCENT,
          posts: env.POSTS_BUDGET_PERCENT,
          registrations: env.REGISTRATIONS_BUDGET_PERCENT,
          anyone: env.ANYONE_BUDGET_PERCENT,
          perUsdc: env.FEE_BUDGET_PERCENT,
        },
        maxBatch: env.MAX_BATCH,
        maxUnmined: env.MAX_UNMINED,
        dailyBudget: env.DAILY_GAS_BUDGET,
        maxFeePerGas: env.MAX_FEE_GWEI,
        foreignNonces: env.FOREIGN_NONCES,
        interval: env.HEAD_INTERVAL_MS,
        keeperInterval: env.KEEPER_INTERVAL_MS,
        retentionDays: env.RELAY_RETENTION_DAYS,
        feesPaid: indexedFees(index),
        ...indexedForRelay(index),
        events,
        logger,
      })
logRelay(events, logger)
if (tracing) recordSteps(events)
if (relay) measureRelay(registry, events, relay)

const content = openContentStore({
  url: env.DATABASE_URL,
  chainId: env.CHAIN_ID,
  indexSchema: env.DATABASE_SCHEMA,
  limits: { clientBytes: env.CONTENT_KB_PER_DAY * 1_000, totalBytes: env.CONTENT_MB * 1_000_000 },
  logger,
})
const limits = createClientLimits({
  trustProxy: env.TRUST_PROXY,
  requestsPerMinute: env.REQUESTS_PER_MINUTE,
  probesPerMinute: env.PROBES_PER_MINUTE,
  claimsPerMinute: env.CLAIMS_PER_MINUTE,
})
const streamShares = sharesOf(env.MAX_STREAMS)
const streams = createStreams({
  index,
  chainId: env.CHAIN_ID,
  logger,
  maxStreams: env.MAX_STREAMS,
  maxPerClient: Math.min(env.STREAMS_PER_CLIENT, streamShares.perClient),
  maxPerNetwork: streamShares.perNetwork,
})
measureStreams(registry, streams)
const relayedActions = env.RELAY_ACTIONS
const deps = {
  index,
  logger,
  deployment,
  readBalances,
  limits,
  streams,
  relayedActions,
  ...(relay && { relay }),
  ...(env.SECURITY_CONTACT && { securityContact: env.SECURITY_CONTACT }),
  ...(env.EXPLORER_URL && { explorerUrl: env.EXPLORER_URL }),
  content,
}
const readinessLimits = {
  stallSeconds: env.STALL_SECONDS,
  maxLagSeconds: env.MAX_LAG_SECONDS,
  stoppedSeconds: env.CHAIN_STOPPED_SECONDS ?? (env.CHAIN_ID === DEVNET ? 0 : STOPPED_SECONDS),
}
const checkReadiness = createReadiness({
  index,
  lag: indexLag.lag,
  limits: readinessLimits,
  orphan,
  relay,
  logger,
})
const app = createApp(deps, {
  timer: createRequestTimer(registry),
  ...(tracing && { tracing }),
  routes: healthRoutes(checkReadiness),
})
const server = createHttpServer(app, {
  maxConnections: env.MAX_CONNECTIONS,
  // Behind proxies all connections have the proxies’ addresses. A proxy limits the connections of its clients itself.
  hasShares: env.TRUST_PROXY === 0,
})
const operators = createHttpServer(operatorRoutes(checkReadiness, registry, logger), {
  maxConnections: MAX_OPERATOR_CONNECTIONS,
})

stop = async () => {
  streams.close()
  await Promise.all([drain(server, DRAIN_TIMEOUT_MS), indexLag.stop(), orphan.stop()])
  await relay?.close()
  await content.close()
  await Promise.all([drain(operators, 0), readPool.end(), blockNotifications.close(), tracing?.close()])
}

const opsPort = await listen(operators, { setting: 'OPS_PORT', port: env.OPS_PORT, host: env.OPS_HOST })
const port = await listen(server, { setting: 'PORT', port: env.PORT })
logger.info({ port, opsPort }, 'API listens')
