import type { Deployment } from '../src/api/deployment.ts'
import { carryOut } from './deployment/carryOut.ts'
import { type DeployOptions, prepareDeployment } from './deployment/prepare.ts'

/**
 * Deploys the contracts that the options do not name: MockUSDC, AgentRegistry, BountyMarket (which creates its
 * AgentStaking). Forge's artifacts must be up to date.
 * @returns the addresses and start blocks.
 * @throws before it sends a transaction if the chain, the terms or a given contract is unsuitable: see
 * `prepareDeployment`.
 */
export async function deploy(options: DeployOptions): Promise<Deployment> {
  const { deployment } = await carryOut(await prepareDeployment(options))
  return deployment
}
