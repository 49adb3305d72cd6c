import { isAddressEqual, parseEventLogs, type TransactionReceipt } from 'viem'
import { bountyMarketAbi } from '../../../../abis/BountyMarket.ts'
import { type Bounty, type Failure, failureOf, type Market, readBounty, tryCall } from '../chain/market.ts'
import type { Decision, Landing } from '../ledger/decisions.ts'
import type { Refusal, RefusalCode } from '../refusal.ts'
import { claimCall, isHeldByClaimant, type NamedClaim } from './chain/market.ts'
import { refusal, unexplained } from './intake/refusal.ts'
import { type StoredClaim, slotOfClaim } from './store/claims.ts'

const BLAMELESS = new Set<RefusalCode>(['RUN_NOT_OPEN', 'RUN_DEADLINE_PASSED', 'NOT_CLAIMANT'])

/**
 * Whether a revert is not the agent's fault: another claim came first, which may be lost by now, the relay was too slow, or the
 * poster has named another claimant. If it counted, a rival that wins three runs from an agent, or a poster that names
 * another claimant three times, could pause it for a day. An expired signature counts, because the
 * relay requires more validity than a block takes.
 */
export const isBlameless = ({ round }: NamedClaim, { code, extensions }: Refusal) =>
  BLAMELESS.has(code) || (code === 'INVALID_SIGNATURE' && Number(extensions.round) > round)

/**
 * The decisions about the claims of a mined transaction. A claim without one stays open, and the keeper finds it as a
 * claim whose transaction can no longer decide it.
 * @param isFiller whether the mined attempt makes no claim.
 */
export async function conclude(
  market: Market,
  claims: readonly StoredClaim[],
  { blockNumber, transactionHash: txHash, status, from, logs }: TransactionReceipt,
  isFiller: boolean,
): Promise<(Decision | undefined)[]> {
  const at = { blockNumber, txHash }
  const events = parseEventLogs({ abi: bountyMarketAbi, eventName: ['BountyClaimed', 'ClaimRefused'], logs })

  async function decisionOf(claim: StoredClaim): Promise<Decision | undefined> {
    const { bountyId, agentId, wallet } = claim.request
    const own = events.filter(
      ({ args }) => args.bountyId === bountyId && args.agentId === agentId && isAddressEqual(args.wallet, wallet),
    )
    const claimed = own.find((event) => event.eventName === 'BountyClaimed')
    if (claimed) return { ...at, ...wonIn(bountyId, claimed.args.round) }
    const refused = own.find((event) => event.eventName === 'ClaimRefused')
    const reason = refused && failureOf(refused.args.reason)
    // An item that ran out of gas has no reason, and may succeed alone. The state after the block contains whatever made
    // the claim fail in it.
    const [trial, bounty] = await Promise.all([
      reason?.error ? { failure: reason } : tryCall(market, claimCall(market, from, claim.request), blockNumber),
      readBounty(market, bountyId, blockNumber),
    ])
    if ('failure' in trial) return decide(claim, trial.failure, bounty, blockNumber, at)
    if (status !== 'reverted' || claims.length > 1 || isFiller) return undefined
    return { ...at, state: 'refused', problem: unexplained({ ...at, blockNumber: Number(blockNumber) }) }
  }

  return Promise.all(claims.map(decisionOf))
}

const wonIn = (bountyId: bigint, round: bigint) => {
  return { state: 'done', round, slot: slotOfClaim(bountyId, round) } as const
}

/**
 * The decision about a claim that the contract refuses. The agent may have won the run by another transaction. A signed
 * claim is of one round, and its signature was checked before it was stored.
 * @param bounty as it is at `blockNumber`.
 * @param at the block and transaction that refused the claim, if any.
 */
export function decide(
  { request, round }: NamedClaim,
  failure: Failure,
  bounty: Bounty,
  blockNumber: bigint,
  at?: Landing,
): Decision {
  const heldRound = BigInt(bounty.round)
  if (isHeldByClaimant(request, bounty) && (!request.signed || heldRound === round)) {
    return { blockNumber, ...wonIn(request.bountyId, heldRound) }
  }
  return { state: 'refused', problem: refusal(failure, bounty), ...at }
}
