import type { Deployment } from '../src/api/deployment.ts'
import { carryOut } from './deployment/carryOut.ts'
import { type DeployOptions, prepareDeployment } from './deployment/prepare.ts'

/**
 * Deploys what is not given: MockUSDC, AgentRegistry, BountyMarket (which creates its AgentStaking), from Forge's
 * artifacts, which must be up to date.
 * @returns where everything is.
 * @throws before anything is sent if the chain, the terms or a given contract do not suit: see `prepareDeployment`.
 */
export async function deploy(options: DeployOptions): Promise<Deployment> {
  const { deployment } = await carryOut(await prepareDeployment(options))
  return deployment
}
