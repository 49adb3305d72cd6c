import { type Address, encodeFunctionData, type Hex, isAddressEqual, size } from 'viem'
import { bountyMarketAbi } from '../../../../../abis/BountyMarket.ts'
import { type ClaimTerms, claimDigest } from '../../../../../core/market/claimMessage.ts'
import { stateName } from '../../../../../core/market/contractErrors.ts'
import { answer } from '../../chain/client.ts'
import type { KnownRun, Market, MarketCall } from '../../chain/market.ts'
import type { MessageRow } from '../kind.ts'
import { type ActionRequest, type ClaimMessage, isClaim, type NamedAction, UNSIGNED } from '../request.ts'

export type ClaimRequest = ActionRequest<ClaimMessage>

/** The claim as it is stored. */
export function claimMessageOf({ party, deadline, agentId, runId, round }: MessageRow): ClaimMessage {
  if (party === null || agentId === null || runId === null || round === null) {
    throw new Error('A stored claim has no wallet, no agent, no run or no round')
  }
  return { action: 'claim', bountyId: runId, agentId, party, round, deadline: deadline ?? 0n }
}

/**
 * What a claim occupies while it is open, and once it is won: no other claim of the round is sent. Before its round is known, it
 * waits for all claims of its run.
 */
export const slotOfClaim = (bountyId: bigint, round?: bigint) =>
  round === undefined ? `run ${bountyId}` : `run ${bountyId} round ${round}`

/** Whether both are of the same agent and wallet. */
export const isSameClaimant = ({ message: { agentId, party } }: ClaimRequest, other: ActionRequest): boolean =>
  isClaim(other) && other.message.agentId === agentId && isAddressEqual(other.message.party, party)

/** The call with which `from` makes the claim. */
export function claimCall({ address }: Market, from: Address, message: ClaimMessage, signature: Hex): MarketCall {
  const { bountyId, agentId, party, deadline } = message
  const data =
    signature === UNSIGNED
      ? encodeFunctionData({ abi: bountyMarketAbi, functionName: 'claimBountyFor', args: [bountyId, agentId, party] })
      : encodeFunctionData({
          abi: bountyMarketAbi,
          functionName: 'claimBountyWithSig',
          args: [bountyId, agentId, party, deadline, signature],
        })
  return { from, to: address, data }
}

/** The call that makes all these claims. A claim that fails does not make the others fail. */
export function batchCall({ address }: Market, from: Address, requests: readonly ClaimRequest[]): MarketCall {
  // The market treats an item with an empty signature as an unsigned claim by the relayer.
  const claims = requests.map(({ message: { bountyId, agentId, party, deadline }, signature }) => {
    if (deadline > 0n && size(signature) === 0) throw new Error(`The claim of run ${bountyId} has an empty signature`)
    return { bountyId, agentId, wallet: party, deadline, signature }
  })
  const data = encodeFunctionData({ abi: bountyMarketAbi, functionName: 'claimBatch', args: [claims] })
  return { from, to: address, data }
}

/** The terms of the bounty that a claim's signature covers. */
export const termsOf = ({ reward, stake, workPeriod, evaluator }: KnownRun): ClaimTerms => ({
  reward,
  stake,
  workPeriod: BigInt(workPeriod),
  evaluator,
})

/**
 * The id of the claim in this round: what its wallet signs hashes to it. No signature has the deadline 0, which stands for that
 * of an unsigned claim.
 */
export const claimIdOf = (
  market: Market,
  { bountyId, agentId, party: wallet, deadline }: ClaimMessage,
  round: bigint,
  bounty: KnownRun,
): Hex => claimDigest(market, { bountyId, agentId, wallet, round, ...termsOf(bounty) }, deadline)

/** The claim of the request in this round. */
export const claimInRound = (
  market: Market,
  request: ClaimRequest,
  round: bigint,
  bounty: KnownRun,
): NamedAction<ClaimMessage> => ({
  actionId: claimIdOf(market, request.message, round, bounty),
  request: { ...request, message: { ...request.message, round } },
})

/**
 * Which of `accounts` may claim without a signature. Only a devnet's market names such accounts, in its constructor.
 */
export async function relayersAmong({ client, address }: Market, accounts: Address[]): Promise<Set<Address>> {
  const named = await Promise.all(
    accounts.map((account) =>
      answer(client.readContract({ address, abi: bountyMarketAbi, functionName: 'isRelayer', args: [account] })),
    ),
  )
  return new Set(accounts.filter((_, position) => named[position]))
}

/** The states of a run with a current claim. */
const LIVE = new Set(['CLAIMED', 'IN_PROGRESS', 'SUBMITTED', 'REVISION_REQUESTED'])

/** Whether the run is claimed by the agent and the wallet of the claim. */
export const isHeldByClaimant = ({ agentId, party }: ClaimMessage, bounty: KnownRun): boolean =>
  LIVE.has(stateName(bounty.state) ?? '') && BigInt(bounty.agentId) === agentId && isAddressEqual(bounty.wallet, party)
