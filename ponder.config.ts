import { createConfig } from 'ponder'
import { agentRegistryAbi } from './abis/AgentRegistry.ts'
import { agentStakingAbi } from './abis/AgentStaking.ts'
import { bountyMarketAbi } from './abis/BountyMarket.ts'
import { nodeTransport } from './ops/nodeTransport.ts'
import { readDeployment } from './src/api/deployment.ts'
import { readEnv } from './src/api/env.ts'

// DATABASE_URL has no default: without one Ponder would fall back to PGlite, whose half-indexed blocks are visible and
// which no API process can open.
const { DATABASE_URL, CHAIN_ID, RPC_URL, DEPLOYMENTS_DIR } = readEnv([
  'DATABASE_URL',
  'CHAIN_ID',
  'RPC_URL',
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
      // HTTP polling, because Ponder waits without a timeout on a WebSocket that went silent. It starts at 20 requests a second
      // for each URL, and needs two for a block with events; a node of our own takes more, so it is named ten times.
      rpc: isDevnet ? Array<string>(10).fill(RPC_URL) : nodeTransport(RPC_URL),
      pollingInterval: isDevnet ? 100 : 500,
    },
  },
  contracts: {
    AgentRegistry: {
      ...indexed('AgentRegistry'),
      abi: agentRegistryAbi,
      // By the hash of the key's bytes: decoded, a key that begins with a byte order mark reads as "agentWallet" too,
      // and anyone may set that key for their own agent.
      filter: { event: 'MetadataSet', args: { indexedMetadataKey: 'agentWallet' } },
    },
    AgentStaking: { ...indexed('AgentStaking'), abi: agentStakingAbi },
    BountyMarket: { ...indexed('BountyMarket'), abi: bountyMarketAbi },
  },
  blocks: {
    // From the tip: while Ponder works through older blocks there is no `head` at their height, so that nothing is served.
    head: { chain: 'market', startBlock: 'latest', interval: 1 },
  },
})
