import { type Address, parseAbi } from 'viem'
import { agentStakingAbi } from '../../../../../abis/AgentStaking.ts'
import type { Deployment } from '../../../../../core/deployment.ts'
import type { AccountContracts } from '../../../../../core/market/accountActions.ts'
import { reuseResult } from '../../../../../core/reuseResult.ts'
import { answer } from '../../chain/client.ts'
import type { Market } from '../../chain/market.ts'
import type { SharedReads } from '../../chain/sharedReads.ts'

const usdcAbi = parseAbi([
  'function name() view returns (string)',
  'function version() view returns (string)',
  'function balanceOf(address) view returns (uint256)',
])

/** What the messages of accounts depend on. USDC's domain is read once. It throws a Refusal RELAY_UNAVAILABLE. */
export type ReadContracts = () => Promise<AccountContracts>

export function createContractsReader({ client }: Market, { chainId, contracts }: Deployment): ReadContracts {
  const usdc = { abi: usdcAbi, address: contracts.USDC }
  return reuseResult(Number.POSITIVE_INFINITY, async () => {
    const [name, version] = await Promise.all([
      answer(client.readContract({ ...usdc, functionName: 'name' })),
      answer(client.readContract({ ...usdc, functionName: 'version' })),
    ])
    return { chainId, contracts, usdcDomain: { name, version } }
  })
}

/** The USDC of the account, in base units. @throws Refusal RELAY_UNAVAILABLE. */
export const readBalance = async (read: SharedReads, usdc: Address, account: Address) =>
  (await read({ abi: usdcAbi, address: usdc, functionName: 'balanceOf', args: [account] })) as bigint

/** How many signed withdrawals the agent has made, which is the nonce of the next. @throws Refusal RELAY_UNAVAILABLE. */
export const readUnstakeNonce = async (read: SharedReads, staking: Address, agentId: bigint) =>
  (await read({ abi: agentStakingAbi, address: staking, functionName: 'nonceOf', args: [agentId] })) as bigint
