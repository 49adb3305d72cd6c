import { type Address, type Hex, parseAbi } from 'viem'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import type { Deployment, MarketAddress } from '../deployment.ts'
import { type AccountMessage, fundsOf } from './accountActions.ts'
import { callDataByNames } from './callData.ts'
import type { Claim } from './claimMessage.ts'
import { directFunctionOf, type RunMessage, valuesOf } from './runActions.ts'

/** A call as `eth_sendTransaction` and EIP-5792 take it. */
export type DirectCall = { to: Address; data: Hex; value: '0x0' }

/** `call`: with which the account does the action by itself. `calls`: all that it sends, in order, of which `call` is the last. */
export type DirectCalls = { call: DirectCall; calls: DirectCall[] }

const callOf = (to: Address, data: Hex): DirectCall => ({ to, data, value: '0x0' })

const alone = (call: DirectCall): DirectCalls => ({ call, calls: [call] })

const approveAbi = parseAbi(['function approve(address spender, uint256 amount)'])

/** A registry has several functions of this name. */
const registerAbi = parseAbi(['function register(string agentURI)'])

/** Without a signature: the account is the caller. USDC is approved for exactly what the call takes. */
export function directAccountCalls({ contracts }: Pick<Deployment, 'contracts'>, message: AccountMessage): DirectCalls {
  const { action, members } = message
  const { AgentRegistry, AgentStaking, BountyMarket, USDC } = contracts
  if (action === 'register') return alone(callOf(AgentRegistry, callDataByNames(registerAbi, 'register', members)))
  if (action === 'unstake') return alone(callOf(AgentStaking, callDataByNames(agentStakingAbi, 'unstake', members)))
  const call =
    action === 'post'
      ? callOf(BountyMarket, callDataByNames(bountyMarketAbi, 'postBounty', { ...members, terms: members }))
      : callOf(AgentStaking, callDataByNames(agentStakingAbi, 'stakeFor', members))
  const approved = { spender: call.to, amount: fundsOf(message) }
  return { call, calls: [callOf(USDC, callDataByNames(approveAbi, 'approve', approved)), call] }
}

export const directRunCalls = ({ address }: MarketAddress, message: RunMessage): DirectCalls =>
  alone(callOf(address, callDataByNames(bountyMarketAbi, directFunctionOf(message.action), valuesOf(message))))

export const directClaimCalls = ({ address }: MarketAddress, claim: Pick<Claim, 'bountyId' | 'agentId'>): DirectCalls =>
  alone(callOf(address, callDataByNames(bountyMarketAbi, 'claimBounty', claim)))
