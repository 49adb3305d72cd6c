import { createConfig } from 'ponder'
import { agentStakingAbi } from '../../../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../../../abis/BountyMarket.ts'
import ours from '../../../../ponder.config.ts'

const { AgentStaking, BountyMarket } = ours.contracts

// The chain is ours, with its polling interval and its limit of requests.
export default createConfig({
  ...(ours.database && { database: ours.database }),
  chains: ours.chains,
  contracts: {
    AgentStaking: { ...AgentStaking, abi: agentStakingAbi },
    BountyMarket: { ...BountyMarket, abi: bountyMarketAbi },
  },
})
