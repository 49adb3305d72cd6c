import { isAddressEqual, parseEventLogs, type TransactionReceipt } from 'viem'
import { bountyMarketAbi } from '../../../../abis/BountyMarket.ts'
import { type Failure, failureOf, tryCall } from '../chain/calls.ts'
import { answer } from '../chain/client.ts'
import { type ClaimRequest, claimCall, type Market, type MarketCall, readBounty } from '../chain/market.ts'
import { isHeldBy } from '../chain/signatures.ts'
import { refusal, unexplained } from '../intake/refusal.ts'
import type { Simulation } from '../simulation/simulate.ts'
import type { Decision } from '../store/settlements.ts'

/** What a transaction says of its claims. */
type ClaimLogs = ReturnType<typeof claimLogsOf>

export const claimLogsOf = ({ logs }: TransactionReceipt) =>
  parseEventLogs({ abi: bountyMarketAbi, eventName: ['BountyClaimed', 'ClaimRefused'], logs })

/**
 * What the chain made of a claim, by the receipt of the transaction that was to make it.
 * @param logs of the receipt.
 * @param isAlone whether the transaction was to make this claim only.
 */
export async function conclude(
  market: Market,
  request: ClaimRequest,
  receipt: TransactionReceipt,
  logs: ClaimLogs,
  isAlone: boolean,
): Promise<Decision> {
  const { blockNumber, transactionHash: txHash, status } = receipt
  const at = { blockNumber, txHash }
  const { round, reason } = eventOf(request, logs)
  if (round !== undefined) return { won: { ...at, round } }
  // The state after the block: whatever made the claim fail in it is there to be seen.
  const [failure, bounty] = await Promise.all([
    reason ?? failureAt(market, claimCall(market, receipt.from, request), blockNumber),
    readBounty(market, request.bountyId, blockNumber),
  ])
  if (!failure) {
    const isUnexplained = status === 'reverted' && isAlone
    return isUnexplained
      ? { refused: unexplained({ ...at, blockNumber: Number(blockNumber) }), at }
      : { undecided: true }
  }
  if (await isHeldBy(market, request, bounty)) return { won: { round: BigInt(bounty.round), blockNumber } }
  return { refused: refusal(request, failure, bounty), at }
}

/**
 * What a transaction says of one of its claims; nothing where it did not try it. An item that ran out of gas has no
 * reason, and is no worse for it where it is alone.
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

async function failureAt(market: Market, call: MarketCall, block: bigint): Promise<Failure | undefined> {
  const trial = await tryCall(market, call, block)
  return 'failure' in trial ? trial.failure : undefined
}

/** What a claim comes to that the contract refuses before it is sent: it may be the agent's already. */
export async function decide(
  market: Market,
  request: ClaimRequest,
  { failure, bounty }: Extract<Simulation, { result: 'fails' }>,
): Promise<Exclude<Decision, { undecided: true }>> {
  if (!(await isHeldBy(market, request, bounty))) return { refused: refusal(request, failure, bounty) }
  const blockNumber = await answer(market.client.getBlockNumber({ cacheTime: 0 }))
  return { won: { round: BigInt(bounty.round), blockNumber } }
}
