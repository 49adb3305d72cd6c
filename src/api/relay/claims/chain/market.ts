import { type Address, type ContractFunctionReturnType, encodeFunctionData, type Hex, isAddressEqual, size } from 'viem'
import { agentStakingAbi } from '../../../../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../../../../abis/BountyMarket.ts'
import { type ClaimTerms, claimDigest } from '../../../../../core/market/claimMessage.ts'
import { stateName } from '../../../../../core/market/contractErrors.ts'
import { answer } from '../../chain/client.ts'
import type { KnownRun, Market, MarketCall } from '../../chain/market.ts'
import type { Word } from '../../chain/signatures.ts'

/** A claim as a request describes it. */
export type ClaimRequest = {
  /** The id of the HTTP request, for the log; absent if the claim was read from the database. */
  requestId?: string
  bountyId: bigint
  agentId: bigint
  wallet: Address
  /**
   * The wallet's signature, valid until `deadline` (seconds). Without it, only a devnet's relayer may make the claim.
   */
  signed?: { deadline: bigint; signature: Hex }
}

/** The members that identify a claim. */
export type NamedClaim = { claimId: Hex; request: ClaimRequest; round: bigint }

/** The call with which `from` makes the claim. */
export function claimCall({ address }: Market, from: Address, request: ClaimRequest): MarketCall {
  const { bountyId, agentId, wallet, signed } = request
  const data = signed
    ? encodeFunctionData({
        abi: bountyMarketAbi,
        functionName: 'claimBountyWithSig',
        args: [bountyId, agentId, wallet, signed.deadline, signed.signature],
      })
    : encodeFunctionData({ abi: bountyMarketAbi, functionName: 'claimBountyFor', args: [bountyId, agentId, wallet] })
  return { from, to: address, data }
}

/** The call that makes all these claims. A claim that fails does not make the others fail. */
export function batchCall({ address }: Market, from: Address, requests: readonly ClaimRequest[]): MarketCall {
  const claims = requests.map(({ bountyId, agentId, wallet, signed }) => {
    const { deadline, signature } = signed ?? { deadline: 0n, signature: '0x' as const }
    // The market treats an item with an empty signature as an unsigned claim by the relayer.
    if (signed && size(signature) === 0) throw new Error(`The claim of run ${bountyId} has an empty signature`)
    return { bountyId, agentId, wallet, deadline, signature }
  })
  const data = encodeFunctionData({ abi: bountyMarketAbi, functionName: 'claimBatch', args: [claims] })
  return { from, to: address, data }
}

/** The call that reverts as an authorised claim would. */
export function checkCall({ address }: Market, { bountyId, agentId, wallet }: ClaimRequest): MarketCall {
  const args = [bountyId, agentId, wallet] as const
  const data = encodeFunctionData({ abi: bountyMarketAbi, functionName: 'checkClaim', args })
  return { from: wallet, to: address, data }
}

/** The terms of the bounty that a claim's signature covers. */
export const termsOf = ({ reward, stake, workPeriod, evaluator }: KnownRun): ClaimTerms => ({
  reward,
  stake,
  workPeriod: BigInt(workPeriod),
  evaluator,
})

/**
 * The id of the request's claim in this round: what its wallet signs hashes to it. No signature has the deadline 0, which
 * stands for that of an unsigned claim.
 */
export const claimIdOf = (market: Market, request: ClaimRequest, round: bigint, bounty: KnownRun): Hex =>
  claimDigest(market, { ...request, round, ...termsOf(bounty) }, request.signed?.deadline ?? 0n)

/** What a claim depends on of its agent's account. `unlocked`: the unlocked part of the stake. USDC base units. */
export type AgentAccount = { staked: bigint; unlocked: bigint; completions: bigint }

export const agentAccount = ([staked, locked, , completions]: ContractFunctionReturnType<
  typeof agentStakingAbi,
  'view',
  'accountOf'
>): AgentAccount => ({ staked, unlocked: staked - locked, completions })

/** The agent's account at the latest block. */
export async function readAccount({ client, staking }: Market, agentId: bigint): Promise<AgentAccount> {
  const call = { address: staking, abi: agentStakingAbi, functionName: 'accountOf', args: [agentId] } as const
  return agentAccount(await answer(client.readContract(call)))
}

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

/** Whether the run is claimed by the agent and the wallet of the request. */
export const isHeldByClaimant = ({ agentId, wallet }: ClaimRequest, bounty: KnownRun): boolean =>
  LIVE.has(stateName(bounty.state) ?? '') && BigInt(bounty.agentId) === agentId && isAddressEqual(bounty.wallet, wallet)

/** The wallet's word for the claim of this round, with the bounty’s terms; undefined if the request has no signature. */
export function wordOf(market: Market, request: ClaimRequest, round: bigint, bounty: KnownRun): Word | undefined {
  const { wallet, signed } = request
  if (!signed) return undefined
  return { digest: claimIdOf(market, request, round, bounty), wallet, signature: signed.signature }
}
