import type { Deployment } from '../../core/deployment.ts'

/** A deployment for processes that never call the chain: all contracts have one address. */
export function placeholderDeployment(chainId: number): Deployment {
  const contract = '0x5FbDB2315678afecb367f032d93F642f64180aa3'
  const contracts = {
    USDC: contract,
    AgentRegistry: contract,
    AgentStaking: contract,
    BountyMarket: contract,
    SignedFunding: contract,
  } as const
  return { chainId, startBlock: 0, contracts, maxReward: '1000000000000000' }
}
