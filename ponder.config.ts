import { createConfig } from 'ponder'
import { agentRegistryAbi } from './abis/AgentRegistry.ts'
import { agentStakingAbi } from './abis/AgentStaking.ts'
import { bountyMarketAbi } from './abis/BountyMarket.ts'
import { nodeTransport } from './ops/nodeTransport.ts'
import { readDeployment } from './src/api/deployment.ts'
import { readEnv } from './src/api/env.ts'

// DATABASE_URL has no default: without one Ponder would fall back to PGlite, whose half-indexed blocks are visible and
// which no API process can open.
const { DATABASE_URL, CHAIN_ID, RPC_URL, POLL_INTERVAL_MS, LOGS_RANGE, DEPLOYMENTS_DIR } = readEnv([
  'DATABASE_URL',
  'CHAIN_ID',
  'RPC_URL',
  'POLL_INTERVAL_MS',
  'LOGS_RANGE',
  'DEPLOYMENTS_DIR',
])
const { contracts, startBlock, startBlocks } = readDeployment(CHAIN_ID, DEPLOYMENTS_DIR)

const isDevnet = CHAIN_ID === 31337

const indexed = (name: 'AgentRegistry' | 'AgentStaking' | 'BountyMarket') =>
  ({
    chain: 'market',
    address: contracts[name],
    startBlock: startBlocks?.[name] ?? startBlock,
  }) as const

export default createConfig({
  database: { kind: 'postgres', connectionString: DATABASE_URL },
  chains: {
    market: {
      id: CHAIN_ID,
      // HTTP only: Ponder waits without a timeout on a WebSocket that has gone silent. Ponder starts at 20 requests a
      // second per URL, and needs two for a block with events. A devnet's node allows more, so its URL is listed ten
      // times.
      rpc: isDevnet ? Array<string>(10).fill(RPC_URL) : nodeTransport(RPC_URL),
      pollingInterval: POLL_INTERVAL_MS ?? (isDevnet ? 100 : 500),
      ...(LOGS_RANGE !== undefined && { ethGetLogsBlockRange: LOGS_RANGE }),
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
  },
  blocks: {
    // From the latest block on: while Ponder backfills older blocks there is no `head`, so the API serves nothing.
    head: { chain: 'market', startBlock: 'latest', interval: 1 },
  },
})
