import { baseSepolia } from 'viem/chains'
import { deployArtifact } from './contracts.ts'
import { startMarketOnAnvil } from './marketOnAnvil.ts'

/** Seconds: more than the blocks of a deployment, each of which moves Anvil's clock by at least one. */
const DEPLOYMENT = 60

const now = () => Math.floor(Date.now() / 1_000)

/** An Anvil with Base Sepolia's chain id and a market on it: there the processes run as on a public chain. */
export async function startPublicChain({ blockTime }: { /** Seconds between blocks. */ blockTime: number }) {
  const chain = await startMarketOnAnvil({
    chainId: baseSepolia.id,
    timestamp: now() - DEPLOYMENT,
    prepareUsdc: (rpcUrl) => deployArtifact(rpcUrl, 'MockUSDC'),
    awaitsMining: false,
  })
  // Blocks at a rollup's pace, and with the time of this machine, only now: the deployment waits for none.
  await chain.client.setNextBlockTimestamp({ timestamp: BigInt(now()) })
  await chain.client.mine({ blocks: 1 })
  await chain.client.setAutomine(false)
  await chain.client.setIntervalMining({ interval: blockTime })
  return chain
}
