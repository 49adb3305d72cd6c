import { baseSepolia } from 'viem/chains'
import { deployArtifact } from './contracts.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from './marketOnAnvil.ts'

/** Seconds: more than the blocks of the preparations, each of which moves Anvil's clock by at least one. */
const PREPARATIONS = 600

const now = () => Math.floor(Date.now() / 1_000)

type PublicChainOptions = {
  /** Seconds between blocks. */
  blockTime: number
  /** Acts in the market while each transaction is mined at once, with at most some 500 of them. */
  prepare?: (chain: MarketOnAnvil) => Promise<void>
}

/** An Anvil with Base Sepolia's chain id and a market on it: there the processes run as on a public chain. */
export async function startPublicChain({ blockTime, prepare }: PublicChainOptions) {
  const chain = await startMarketOnAnvil({
    chainId: baseSepolia.id,
    timestamp: now() - PREPARATIONS,
    prepareUsdc: (rpcUrl) => deployArtifact(rpcUrl, 'MockUSDC'),
    awaitsMining: false,
  })
  await prepare?.(chain)
  // Blocks at a rollup's pace, and with the time of this machine, only now: the preparations wait for none.
  await chain.client.setNextBlockTimestamp({ timestamp: BigInt(now()) })
  await chain.client.mine({ blocks: 1 })
  await chain.client.setAutomine(false)
  await chain.client.setIntervalMining({ interval: blockTime })
  return chain
}
