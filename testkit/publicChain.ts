import { baseSepolia } from 'viem/chains'
import { accountCount, accountOf, roles } from '../devnet/accounts.ts'
import { startAnvil } from '../devnet/anvil.ts'
import { prepareDeployment } from '../ops/deploy.ts'
import { writeDeployment } from '../ops/writeDeployment.ts'
import { contractsOf, deployArtifact } from './contracts.ts'
import { temporaryDirectory } from './temporaryDirectory.ts'

/** Seconds: more than the blocks of a deployment, each of which moves Anvil's clock by at least one. */
const DEPLOYMENT = 60

const now = () => Math.floor(Date.now() / 1_000)

/** An Anvil with Base Sepolia's chain id and a market on it: there the processes run as on a public chain. */
export async function startPublicChain({ blockTime }: { /** Seconds between blocks. */ blockTime: number }) {
  await using parts = new AsyncDisposableStack()
  const chainId = baseSepolia.id
  const { rpcUrl, stop } = await startAnvil({ chainId, accounts: accountCount, timestamp: now() - DEPLOYMENT })
  parts.defer(stop)
  const usdc = await deployArtifact(rpcUrl, 'MockUSDC')
  const owner = accountOf(roles.owner).address
  const treasury = accountOf(roles.treasury).address
  const account = accountOf(roles.deployer)
  const { send } = await prepareDeployment({ rpcUrl, chainId, account, treasury, owner, usdc })
  const { deployment } = await send()
  const deployments = await temporaryDirectory()
  parts.defer(deployments.remove)
  writeDeployment(deployment, deployments.path)
  const contracts = contractsOf({ rpcUrl, deployment })
  // Blocks at a rollup's pace, and with the time of this machine, only now: the deployment waits for none.
  await contracts.client.setNextBlockTimestamp({ timestamp: BigInt(now()) })
  await contracts.client.mine({ blocks: 1 })
  await contracts.client.setAutomine(false)
  await contracts.client.setIntervalMining({ interval: blockTime })
  const kept = parts.move()
  return {
    chainId,
    rpcUrl,
    deployment,
    deploymentsDirectory: deployments.path,
    ...contracts,
    stop: () => kept.disposeAsync(),
  }
}
