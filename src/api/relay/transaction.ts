import { type Hex, parseEventLogs, type TransactionReceipt } from 'viem'
import { bountyMarketAbi } from '../../../abis/BountyMarket.ts'
import { isHeldBy } from './held.ts'
import { type ClaimRequest, claimCall, type Market, readBounty } from './market.ts'
import { refusal, tooExpensive, unexplained } from './refusal.ts'
import type { Signer } from './signer.ts'
import { tryCall } from './trial.ts'

/** The most gas that a claim may take: what a batch gives an item, 100k of it for an ERC-1271 wallet, and its envelope. */
const MAX_GAS = 300_000n

/** A claim that was won, and the transaction that did it where that was ours. */
export type Landing = { round: bigint; blockNumber: bigint; txHash?: Hex }

/**
 * Hands a claim that was found good to the signer.
 * @param gas what it took when it was tried.
 * @throws Problem if it was not sent.
 */
export async function send(market: Market, signer: Signer, request: ClaimRequest, gas: bigint, signal: AbortSignal) {
  if (gas > MAX_GAS) throw tooExpensive(request, gas, MAX_GAS)
  return signer.submit({ ...claimCall(market, signer.address, request), gas: gasLimit(gas) }, signal)
}

/** The block may hold what the estimate did not: a fifth more, and the price of a cold slot or two. */
function gasLimit(estimate: bigint) {
  const limit = (estimate * 6n) / 5n + 5_000n
  return limit < MAX_GAS ? limit : MAX_GAS
}

/**
 * What the chain made of a claim's transaction.
 * @throws Problem with the contract's reason if it reverted.
 */
export async function conclude(market: Market, request: ClaimRequest, receipt: TransactionReceipt): Promise<Landing> {
  const { blockNumber, transactionHash: txHash, status } = receipt
  if (status === 'success') return { round: claimedRound(request, receipt), blockNumber, txHash }
  // The state after the block: whatever made the claim fail in it is there to be seen.
  const [trial, bounty] = await Promise.all([
    tryCall(market, claimCall(market, receipt.from, request), blockNumber),
    readBounty(market, request.bountyId, blockNumber),
  ])
  if ('passed' in trial) throw unexplained({ txHash, blockNumber: Number(blockNumber) })
  if (await isHeldBy(market, request, bounty)) return { round: BigInt(bounty.round), blockNumber }
  throw refusal(request, trial.failure, bounty)
}

function claimedRound({ bountyId }: ClaimRequest, { logs, transactionHash }: TransactionReceipt): bigint {
  const [claimed] = parseEventLogs({ abi: bountyMarketAbi, eventName: 'BountyClaimed', logs, args: { bountyId } })
  if (!claimed) throw new Error(`Transaction ${transactionHash} succeeded without claiming run ${bountyId}`)
  return claimed.args.round
}
