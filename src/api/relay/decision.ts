import { type Hash, parseEventLogs, type TransactionReceipt } from 'viem'
import { bountyMarketAbi } from '../../../abis/BountyMarket.ts'
import type { Problem } from '../errors.ts'
import { isHeldBy } from './held.ts'
import type { Verdict } from './judge.ts'
import { type ClaimRequest, claimCall, type Market, readBounty } from './market.ts'
import { refusal, tooExpensive, unexplained } from './refusal.ts'
import { answer } from './rpc.ts'
import { tryCall } from './trial.ts'

/** The most gas that a claim may take: what a batch gives an item, 100k of it for an ERC-1271 wallet, and its envelope. */
const MAX_GAS = 300_000n

/** Where the chain decided a claim; `txHash` where a transaction of ours did. */
type Landing = { blockNumber: bigint; txHash?: Hash }

/** What a claim came to. `undecided`: it may still be won, but not by the transaction that was sent for it. */
export type Decision = { won: Landing & { round: bigint } } | { refused: Problem; at?: Landing } | { undecided: true }

/**
 * The limit for a claim, which the block may make dearer than it was when it was tried: a fifth more, and the price of a
 * cold slot or two.
 * @param estimate what it took when it was tried.
 * @throws Problem INVALID_SIGNATURE if the wallet's contract makes it too expensive.
 */
export function gasLimit(request: ClaimRequest, estimate: bigint): bigint {
  if (estimate > MAX_GAS) throw tooExpensive(request, estimate, MAX_GAS)
  const limit = (estimate * 6n) / 5n + 5_000n
  return limit < MAX_GAS ? limit : MAX_GAS
}

/** What the chain made of a claim, by the receipt of its transaction or of the filler in its place. */
export async function conclude(
  market: Market,
  request: ClaimRequest,
  receipt: TransactionReceipt,
  filler: boolean,
): Promise<Decision> {
  const { blockNumber, transactionHash: txHash, status } = receipt
  const at = { blockNumber, txHash }
  if (status === 'success' && !filler) return { won: { ...at, round: claimedRound(request, receipt) } }
  // The state after the block: whatever made the claim fail in it is there to be seen.
  const [trial, bounty] = await Promise.all([
    tryCall(market, claimCall(market, receipt.from, request), blockNumber),
    readBounty(market, request.bountyId, blockNumber),
  ])
  if ('passed' in trial)
    return filler ? { undecided: true } : { refused: unexplained({ ...at, blockNumber: Number(blockNumber) }), at }
  if (await isHeldBy(market, request, bounty)) return { won: { round: BigInt(bounty.round), blockNumber } }
  return { refused: refusal(request, trial.failure, bounty), at }
}

/** What a claim comes to that the contract refuses before it is sent: it may be the agent's already. */
export async function decide(
  market: Market,
  request: ClaimRequest,
  { failure, bounty }: Extract<Verdict, { verdict: 'refuse' }>,
): Promise<Exclude<Decision, { undecided: true }>> {
  if (!(await isHeldBy(market, request, bounty))) return { refused: refusal(request, failure, bounty) }
  const blockNumber = await answer(market.client.getBlockNumber({ cacheTime: 0 }))
  return { won: { round: BigInt(bounty.round), blockNumber } }
}

function claimedRound({ bountyId }: ClaimRequest, { logs, transactionHash }: TransactionReceipt): bigint {
  const [claimed] = parseEventLogs({ abi: bountyMarketAbi, eventName: 'BountyClaimed', logs, args: { bountyId } })
  if (!claimed) throw new Error(`Transaction ${transactionHash} succeeded without claiming run ${bountyId}`)
  return claimed.args.round
}
