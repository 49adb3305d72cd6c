import { isAddressEqual, parseEventLogs, type TransactionReceipt } from 'viem'
import { bountyMarketAbi } from '../../../../abis/BountyMarket.ts'
import {
  type Bounty,
  type ClaimRequest,
  claimCall,
  type Failure,
  failureOf,
  type Market,
  type NamedClaim,
  readBounty,
  tryCall,
} from '../chain/market.ts'
import { isHeldByClaimant } from '../chain/signatures.ts'
import { refusal, unexplained } from '../intake/refusal.ts'
import type { Decision, Landing } from '../store/settlements.ts'

type ClaimLogs = ReturnType<typeof claimLogsOf>

export const claimLogsOf = ({ logs }: TransactionReceipt) =>
  parseEventLogs({ abi: bountyMarketAbi, eventName: ['BountyClaimed', 'ClaimRefused'], logs })

/**
 * The decision about a claim, from the receipt of its transaction.
 * @param logs of the receipt.
 * @param isAlone whether the transaction was to make this claim only.
 */
export async function conclude(
  market: Market,
  claim: NamedClaim,
  receipt: TransactionReceipt,
  logs: ClaimLogs,
  isAlone: boolean,
): Promise<Decision> {
  const { request } = claim
  const { blockNumber, transactionHash: txHash, status } = receipt
  const at = { blockNumber, txHash }
  const { round, reason } = eventOf(request, logs)
  if (round !== undefined) return { won: { ...at, round } }
  // The state after the block contains whatever made the claim fail in it.
  const [trial, bounty] = await Promise.all([
    reason ? { failure: reason } : tryCall(market, claimCall(market, receipt.from, request), blockNumber),
    readBounty(market, request.bountyId, blockNumber),
  ])
  if (!('failure' in trial)) {
    const isUnexplained = status === 'reverted' && isAlone
    return isUnexplained
      ? { refused: unexplained({ ...at, blockNumber: Number(blockNumber) }), at }
      : { undecided: true }
  }
  return decide(claim, trial.failure, bounty, blockNumber, at)
}

/**
 * The result of one claim of a transaction; undefined if the transaction did not try it. An item that ran out of gas
 * has no reason, and may succeed alone.
 */
function eventOf({ bountyId, agentId, wallet }: ClaimRequest, logs: ClaimLogs) {
  const own = logs.filter(
    ({ args }) => args.bountyId === bountyId && args.agentId === agentId && isAddressEqual(args.wallet, wallet),
  )
  const claimed = own.find((log) => log.eventName === 'BountyClaimed')
  const refused = own.find((log) => log.eventName === 'ClaimRefused')
  const reason = refused && failureOf(refused.args.reason)
  return { round: claimed?.args.round, reason: reason?.error && reason }
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
    return { won: { round: heldRound, blockNumber } }
  }
  return { refused: refusal(request, failure, bounty), ...(at && { at }) }
}
