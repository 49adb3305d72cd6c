import type { Hex } from 'viem'
import { agentRegistryAbi } from '../../abis/AgentRegistry.ts'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import { signedFundingAbi } from '../../abis/SignedFunding.ts'
import { type Deployment, registrarOf } from '../deployment.ts'
import { type AccountMessage, type UsdcDomain, VALID_AFTER } from './accountActions.ts'
import { callDataByNames } from './callData.ts'

/** The contracts, and what the messages of accounts depend on besides. */
export type AccountContracts = Pick<Deployment, 'chainId' | 'contracts'> & { usdcDomain: UsdcDomain }

const functions = {
  post: { contract: 'SignedFunding', abi: signedFundingAbi, functionName: 'postBounty' },
  register: { contract: 'AgentRegistry', abi: agentRegistryAbi, functionName: 'registerFor' },
  stake: { contract: 'SignedFunding', abi: signedFundingAbi, functionName: 'stake' },
  unstake: { contract: 'AgentStaking', abi: agentStakingAbi, functionName: 'unstakeWithSig' },
} as const

/** The call with which any account makes the signed action. A registry does not see the signature of a registration. */
export function accountCall(
  { contracts }: Pick<Deployment, 'contracts'>,
  { action, members }: AccountMessage,
  signature: Hex,
) {
  const { contract, abi, functionName } = functions[action]
  // The terms of a post are a tuple of some of its members.
  const values = { ...members, terms: members, validAfter: VALID_AFTER, signature }
  return {
    to: action === 'register' ? registrarOf({ contracts }) : contracts[contract],
    data: callDataByNames(abi, functionName, values),
  }
}
