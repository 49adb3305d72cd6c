import { createConfig } from 'ponder'
import { agentRegistryAbi } from './abis/AgentRegistry.ts'
import { agentStakingAbi } from './abis/AgentStaking.ts'
import { bountyMarketAbi } from './abis/BountyMarket.ts'
import { signedFundingAbi } from './abis/SignedFunding.ts'
import { chainSettings, pollsBy } from './core/chainSettings.ts'
import { readDeployment } from './core/deployment.ts'
import { readEnv } from './core/env.ts'
import { createLogger } from './core/logger.ts'
import { eventEvidence } from './core/market/eventEvidence.ts'
import { createEndpoints } from './core/node/endpoints.ts'
import { ponderTransport } from './core/node/ponderTransport.ts'
import { ponderVariables } from './core/ponderVariables.ts'
import { createSecretFilter } from './core/urlSecrets.ts'
import { ponderPool } from './ops/database/ponderPool.ts'

// DATABASE_URL has no default: without one Ponder would fall back to PGlite, whose half-indexed blocks are visible and
// which no API process can open.
const { DATABASE_URL, CHAIN_ID, RPC_URL, DEPLOYMENTS_DIR, LOG_LEVEL } = readEnv([
  'DATABASE_URL',
  'CHAIN_ID',
  'RPC_URL',
  'DEPLOYMENTS_DIR',
  'LOG_LEVEL',
])
const deployment = readDeployment(CHAIN_ID, DEPLOYMENTS_DIR)
const { contracts, startBlock, startBlocks } = deployment

const logger = createLogger({ level: LOG_LEVEL, rpcUrls: RPC_URL })
const endpoints = createEndpoints({ rpcUrls: RPC_URL, chainId: CHAIN_ID, logger })

const indexed = (name: 'AgentRegistry' | 'AgentStaking' | 'BountyMarket') =>
  ({
    chain: 'market',
    address: contracts[name],
    startBlock: startBlocks?.[name] ?? startBlock,
  }) as const

const polls = () => {
  const blockTimeMs = process.env[ponderVariables.blockTimeMs]
  return pollsBy(blockTimeMs ? Number(blockTimeMs) : undefined)
}
const { pollingInterval, blockTimeMs } = polls()

export default createConfig({
  database: {
    kind: 'postgres',
    connectionString: DATABASE_URL,
    poolConfig: {
      ...ponderPool(logger),
      // Connections that each of Ponder's pools keeps once it has opened them, so that it can go on while other clients have
      // all that PostgreSQL has free. Ponder would close each after ten seconds without a query.
      min: 4,
      // A statement that takes longer ends the indexer, and two seconds later one without an answer.
      statement_timeout: 20_000,
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
    },
  },
  chains: {
    market: {
      id: CHAIN_ID,
      // Ponder's own WebSocket is not used: it waits without a timeout on one that has gone silent.
      rpc: ponderTransport(endpoints, {
        hideKeys: createSecretFilter(RPC_URL),
        callsPerSecond: chainSettings.requestsPerSecond,
        addresses: [contracts.AgentRegistry, contracts.AgentStaking, contracts.BountyMarket],
        evidence: eventEvidence(deployment),
        // A chain that has become slower is polled as often as one that was slow at the start.
        ...(blockTimeMs !== undefined && { blockTimeMs: () => polls().blockTimeMs ?? polls().pollingInterval }),
      }),
      pollingInterval,
      ...(chainSettings.logsRange !== undefined && { ethGetLogsBlockRange: chainSettings.logsRange }),
    },
  },
  contracts: {
    AgentRegistry: {
      ...indexed('AgentRegistry'),
      abi: agentRegistryAbi,
      // Filters by the hash of the key's bytes. Once decoded, a key that begins with a byte order mark also reads as
      // "agentWallet", and any owner may set that key for its own agent.
      filter: { event: 'MetadataSet', args: { indexedMetadataKey: 'agentWallet' } },
    },
    AgentStaking: { ...indexed('AgentStaking'), abi: agentStakingAbi },
    BountyMarket: { ...indexed('BountyMarket'), abi: bountyMarketAbi },
    // It emits no event. The handlers compare its address with a run's payer.
    SignedFunding: { chain: 'market', address: contracts.SignedFunding, startBlock, abi: signedFundingAbi },
  },
  blocks: {
    // By the patch of Ponder, from the first block that is not final: while Ponder backfills older blocks there is no new `head`,
    // so the API serves nothing.
    head: { chain: 'market', startBlock: 'latest', interval: 1 },
  },
})
