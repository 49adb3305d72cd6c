import type { Abi } from 'viem'
import { agentRegistryAbi } from '../../abis/AgentRegistry.ts'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { mockUsdcAbi } from '../../abis/MockUSDC.ts'

/** The union of all contracts' ABIs. They call each other, so a call may revert with an error of any of them. */
export const contractsAbi: Abi = [...bountyMarketAbi, ...agentStakingAbi, ...agentRegistryAbi, ...mockUsdcAbi]
