import {
  type Address,
  encodeAbiParameters,
  encodeFunctionData,
  type Hex,
  keccak256,
  maxUint64,
  parseAbiParameters,
  zeroAddress,
} from 'viem'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import type { MarketAddress } from '../deployment.ts'
import type { OPEN_CALLS } from '../settings/relay.ts'
import type { RunState } from './runActions.ts'

/** Calls of the market about a run that anyone may make: the states in which, and the event that proves it. */
export const openRunCalls = {
  finalize: { functionName: 'finalizeReview', states: ['SUBMITTED'], event: 'BountyApproved' },
  expire: { functionName: 'expireBounty', states: ['OPEN'], event: 'BountyWithdrawn' },
  slash: { functionName: 'slashExpired', states: ['CLAIMED', 'IN_PROGRESS'], event: 'ClaimSlashed' },
  'reject-overdue': { functionName: 'rejectOverdue', states: ['REVISION_REQUESTED'], event: 'BountyRejected' },
} as const satisfies Record<
  Exclude<(typeof OPEN_CALLS)[number], 'collect'>,
  { functionName: string; states: readonly RunState[]; event: string }
>

export type OpenRunCallName = keyof typeof openRunCalls
export type OpenCallName = OpenRunCallName | 'collect'

export const openRunCallNames = Object.keys(openRunCalls) as OpenRunCallName[]

/** Stands for the party of a call that needs none. */
const ANYONE = zeroAddress

/** There is no signature that could expire. */
const NO_DEADLINE = maxUint64

/** A call that anyone may ask for: about a run, or the payment of what the market owes to an account. */
export type OpenCall = { party: Address; deadline: bigint } & (
  | { action: OpenRunCallName; bountyId: bigint }
  | { action: 'collect'; payee: Address }
)

export const openRunCall = (action: OpenRunCallName, bountyId: bigint): OpenCall => ({
  action,
  bountyId,
  party: ANYONE,
  deadline: NO_DEADLINE,
})

export const collectCall = (payee: Address): OpenCall => ({
  action: 'collect',
  payee,
  party: ANYONE,
  deadline: NO_DEADLINE,
})

const idParameters = parseAbiParameters(
  'uint256 chainId, address market, string action, uint256 bountyId, uint256 round, address payee',
)

/**
 * The id of the call: a hash of what it does, the same in every process.
 * @param round of the run: the same call in a later round is another one. 0 without a run.
 */
export function openCallId({ chainId, address }: MarketAddress, call: OpenCall, round: bigint): Hex {
  const about =
    call.action === 'collect' ? ([0n, round, call.payee] as const) : ([call.bountyId, round, zeroAddress] as const)
  return keccak256(encodeAbiParameters(idParameters, [BigInt(chainId), address, call.action, ...about]))
}

export function openCallData(call: OpenCall): Hex {
  if (call.action === 'collect')
    return encodeFunctionData({ abi: bountyMarketAbi, functionName: 'collect', args: [call.payee] })
  const { functionName } = openRunCalls[call.action]
  return encodeFunctionData({ abi: bountyMarketAbi, functionName, args: [call.bountyId] })
}
