import { type Hash, isAddressEqual, parseEventLogs, type TransactionReceipt } from 'viem'
import { bountyMarketAbi } from '../../../../abis/BountyMarket.ts'
import { type Bounty, type Failure, failureOf, type Market, readBounty, tryCall } from '../chain/market.ts'
import type { RowDecision } from '../ledger/decisions.ts'
import type { Refusal, RefusalCode } from '../refusal.ts'
import { claimCall, type NamedClaim } from './chain/market.ts'
import { isHeldByClaimant } from './chain/signatures.ts'
import { refusal, unexplained } from './intake/refusal.ts'
import { type StoredClaim, slotOfClaim } from './store/claims.ts'

/** The block that decided a claim, and the transaction if it is of this relay. */
export type Landing = { blockNumber: bigint; txHash?: Hash }

/** A claim may be refused without a block: before its transaction is mined. */
export type Decision =
  | (Landing & { state: 'won'; round: bigint })
  | (Partial<Landing> & { state: 'refused'; problem: Refusal })

export type DecidedClaim = [StoredClaim, Decision]

const BLAMELESS = new Set<RefusalCode>(['RUN_NOT_OPEN', 'RUN_DEADLINE_PASSED', 'NOT_CLAIMANT'])

/**
 * Whether a revert is not the agent's fault: another claim came first, which may be lost by now, the relay was too slow, or the
 * poster has named another claimant. If it counted, a rival that wins three runs from an agent, or a poster that names
 * another claimant three times, could pause it for a day. An expired signature counts, because the
 * relay requires more validity than a block takes.
 */
const isBlameless = ({ code, extensions }: Refusal, round: bigint) =>
  BLAMELESS.has(code) || (code === 'INVALID_SIGNATURE' && Number(extensions.round) > round)

/** The decision as the claim's row has it. */
export function rowDecisionOf([{ claimId, request, tx, round }, decision]: DecidedClaim): RowDecision {
  if (decision.state === 'won') {
    return {
      ...decision,
      action: claimId,
      tx: tx.id,
      state: 'done',
      slot: slotOfClaim(request.bountyId, decision.round),
    }
  }
  const { code, detail, extensions } = decision.problem
  const problem = { code, detail, extensions }
  return { ...decision, action: claimId, tx: tx.id, problem, isOwnFault: !isBlameless(decision.problem, round) }
}

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
): Promise<DecidedClaim[]> {
  const at = { blockNumber, txHash }
  const events = parseEventLogs({ abi: bountyMarketAbi, eventName: ['BountyClaimed', 'ClaimRefused'], logs })

  async function decisionOf(claim: StoredClaim): Promise<Decision | undefined> {
    const { bountyId, agentId, wallet } = claim.request
    const own = events.filter(
      ({ args }) => args.bountyId === bountyId && args.agentId === agentId && isAddressEqual(args.wallet, wallet),
    )
    const claimed = own.find((event) => event.eventName === 'BountyClaimed')
    if (claimed) return { ...at, state: 'won', round: claimed.args.round }
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

  const decisions = await Promise.all(claims.map(decisionOf))
  return claims.flatMap((claim, position): DecidedClaim[] => {
    const decision = decisions[position]
    return decision ? [[claim, decision]] : []
  })
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
    return { state: 'won', round: heldRound, blockNumber }
  }
  return { state: 'refused', problem: refusal(failure, bounty), ...at }
}
