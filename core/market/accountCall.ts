import { encodeFunctionData, type Hex } from 'viem'
import { agentRegistryAbi } from '../../abis/AgentRegistry.ts'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import { signedFundingAbi } from '../../abis/SignedFunding.ts'
import { type Deployment, registrarOf } from '../deployment.ts'
import { type AccountMessage, type UsdcDomain, VALID_AFTER } from './accountActions.ts'

/** The contracts, and what the messages of accounts depend on besides. */
export type AccountContracts = Pick<Deployment, 'chainId' | 'contracts'> & { usdcDomain: UsdcDomain }

/** The call with which any account makes the signed action. A registry does not see the signature of a registration. */
export function accountCall({ contracts }: Pick<Deployment, 'contracts'>, message: AccountMessage, signature: Hex) {
  switch (message.action) {
    case 'post': {
      const { poster, ipfsHash, reward, deadline, evaluator, claimant, validBefore, salt } = message.members
      const workPeriod = Number(message.members.workPeriod)
      const stakePercent = Number(message.members.stakePercent)
      const terms = { workPeriod, stakePercent, evaluator, claimant }
      const args = [poster, ipfsHash, reward, deadline, terms, VALID_AFTER, validBefore, salt, signature] as const
      const data = encodeFunctionData({ abi: signedFundingAbi, functionName: 'postBounty', args })
      return { to: contracts.SignedFunding, data }
    }
    case 'stake': {
      const { from, agentId, owner, amount, validBefore, salt } = message.members
      const args = [from, agentId, owner, amount, VALID_AFTER, validBefore, salt, signature] as const
      const data = encodeFunctionData({ abi: signedFundingAbi, functionName: 'stake', args })
      return { to: contracts.SignedFunding, data }
    }
    case 'unstake': {
      const { agentId, amount, signer, nonce, deadline } = message.members
      const args = [agentId, amount, signer, nonce, deadline, signature] as const
      const data = encodeFunctionData({ abi: agentStakingAbi, functionName: 'unstakeWithSig', args })
      return { to: contracts.AgentStaking, data }
    }
    case 'register': {
      const args = [message.members.owner, message.members.agentURI] as const
      const data = encodeFunctionData({ abi: agentRegistryAbi, functionName: 'registerFor', args })
      return { to: registrarOf({ contracts }), data }
    }
  }
}
