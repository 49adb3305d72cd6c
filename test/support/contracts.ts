import { createTestClient, getContract, http, publicActions, walletActions } from 'viem'
import { foundry } from 'viem/chains'
import { agentRegistryAbi } from '../../abis/AgentRegistry.ts'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { mockUsdcAbi } from '../../abis/MockUSDC.ts'
import { accountOf, roles } from '../../devnet/accounts.ts'
import type { Chain } from '../../devnet/chain.ts'

/**
 * A client that can read, write and move Anvil's clock, and the contracts through it. Writes come from the deployer
 * unless they name an account; Anvil signs for its own accounts.
 */
export function contractsOf({ rpcUrl, deployment: { chainId, contracts } }: Pick<Chain, 'rpcUrl' | 'deployment'>) {
  const client = createTestClient({
    mode: 'anvil',
    chain: { ...foundry, id: chainId },
    transport: http(rpcUrl),
    account: accountOf(roles.deployer).address,
    pollingInterval: 50,
    cacheTime: 0,
  })
    .extend(publicActions)
    .extend(walletActions)
  return {
    client,
    usdc: getContract({ abi: mockUsdcAbi, address: contracts.USDC, client }),
    registry: getContract({ abi: agentRegistryAbi, address: contracts.AgentRegistry, client }),
    staking: getContract({ abi: agentStakingAbi, address: contracts.AgentStaking, client }),
    market: getContract({ abi: bountyMarketAbi, address: contracts.BountyMarket, client }),
  }
}
