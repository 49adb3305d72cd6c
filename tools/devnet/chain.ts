import type { Address } from 'viem'
import { DEVNET, type Deployment } from '../../core/deployment.ts'
import { prepareDeployment } from '../../ops/deploy.ts'
import type { Terms } from '../../ops/deployment/plan.ts'
import { writeDeployment } from '../../ops/writeDeployment.ts'
import { accountCount, accountOf, roles } from './accounts.ts'
import { type Anvil, type AnvilOptions, startAnvil } from './anvil.ts'

export type ChainOptions = Omit<AnvilOptions, 'accounts'> & {
  /** Directory for the deployment file. */
  deploymentsDirectory: string
  /** Deploys a token to use instead of MockUSDC, before the market. @returns its address. */
  prepareUsdc?: (rpcUrl: string) => Promise<Address>
  /** Deploys a registry to use instead of ours, before the market. @returns its address. */
  prepareRegistry?: (rpcUrl: string) => Promise<Address>
  onStep?: ((line: string) => void) | undefined
}

/** The market of a devnet. With the build, they fix its address, which README names. */
export const devnetTerms: Terms = {
  TREASURY: accountOf(roles.treasury).address,
  OWNER: accountOf(roles.owner).address,
  MAX_REWARD: 10n ** 15n,
  relayers: [accountOf(roles.relayer).address],
}

/** An Anvil with a market on it, and what an indexer and an API need to find them. */
export type Chain = Anvil & { chainId: number; deployment: Deployment; deploymentsDirectory: string }

/**
 * Starts Anvil and deploys the market on it, with the relayer of `roles` if it is a devnet. Forge's artifacts must be up to date.
 * @throws if Anvil does not start or the deployment fails; it then leaves no process running.
 */
export async function startChain(chainOptions: ChainOptions): Promise<Chain> {
  const { deploymentsDirectory, prepareUsdc, prepareRegistry, onStep, chainId = DEVNET, ...options } = chainOptions
  const anvil = await startAnvil({ accounts: accountCount, chainId, ...options })
  try {
    const { send } = await prepareDeployment({
      rpcUrl: anvil.rpcUrl,
      chainId,
      account: accountOf(roles.deployer),
      ...devnetTerms,
      relayers: chainId === DEVNET ? devnetTerms.relayers : [],
      allowsToken: true,
      USDC_ADDRESS: await prepareUsdc?.(anvil.rpcUrl),
      AGENT_REGISTRY_ADDRESS: await prepareRegistry?.(anvil.rpcUrl),
      onStep,
    })
    const { deployment } = await send()
    writeDeployment(deployment, deploymentsDirectory)
    return { ...anvil, chainId, deployment, deploymentsDirectory }
  } catch (error) {
    await anvil.stop()
    throw error
  }
}
