import { type Hex, zeroAddress } from 'viem'
import { bountyMarketAbi } from '../../../abis/BountyMarket.ts'
import type { run, runEvent } from '../../../ponder.schema.ts'
import type { MarketOnAnvil } from '../../support/marketOnAnvil.ts'

/** The arguments that the market's events may have. */
type Arguments = Partial<{
  bountyId: bigint
  agentId: bigint
  poster: Hex
  wallet: Hex
  payee: Hex
  claimant: Hex
  amount: bigint
  reward: bigint
  refund: bigint
  stake: bigint
  ipfsHash: string
  deliverableHash: string
  feedbackHash: string
  payer: Hex
  by: Hex
  reason: Hex | number
  deadline: bigint
  submitBy: bigint
  reviewBy: bigint
  round: bigint
  revision: bigint
  namings: bigint
}>

const numberOrNull = (value: bigint | undefined) => (value === undefined ? null : Number(value))

type ExpectedEvent = Omit<typeof runEvent.$inferSelect, 'name'> & { name: string }

/**
 * The expected rows of `run_event`, derived from the logs as viem decodes them, without the handlers.
 * @param runs Give the poster of a run, which a revision request does not name.
 */
export async function expectedRunEvents(
  { client, market }: MarketOnAnvil,
  runs: readonly (typeof run.$inferSelect)[],
): Promise<ExpectedEvent[]> {
  const logs = await client.getContractEvents({ abi: bountyMarketAbi, address: market.address, fromBlock: 0n })
  const posters = new Map(runs.map(({ bountyId, posterAddress }) => [bountyId, posterAddress]))
  const evaluators = new Map(runs.map(({ bountyId, evaluator }) => [bountyId, evaluator]))
  const workers = new Map<bigint, Hex | undefined>()
  const expected: ExpectedEvent[] = []
  for (const { eventName, blockNumber, blockHash, transactionIndex, transactionHash, logIndex, args } of logs) {
    const named = args as Arguments
    if (named.bountyId === undefined || !posters.has(named.bountyId)) continue
    const { timestamp } = await client.getBlock({ blockNumber })
    if (eventName === 'BountyClaimed') workers.set(named.bountyId, named.wallet)
    const isWorkersStep = eventName === 'WorkStarted' || eventName === 'WorkSubmitted'
    const isReviewersStep = eventName === 'RevisionRequested'
    const reviewer = isReviewersStep ? evaluators.get(named.bountyId) : undefined
    const party = named.payee ?? named.wallet ?? named.claimant ?? reviewer ?? posters.get(named.bountyId)
    const address = isWorkersStep ? workers.get(named.bountyId) : party
    const by = named.payer ?? named.by
    const hash = named.ipfsHash ?? named.deliverableHash ?? named.feedbackHash
    expected.push({
      id: [
        timestamp.toString().padStart(10, '0'),
        '31337'.padStart(16, '0'),
        blockNumber.toString().padStart(16, '0'),
        transactionIndex.toString().padStart(16, '0'),
        '5',
        logIndex.toString().padStart(16, '0'),
      ].join(''),
      bountyId: named.bountyId,
      name: eventName,
      agentId: named.agentId ?? null,
      address: address === undefined || address === zeroAddress ? null : (address.toLowerCase() as Hex),
      amount: named.amount ?? named.refund ?? named.reward ?? named.stake ?? null,
      hash: hash?.replaceAll('\0', '\uFFFD') ?? null,
      reason: typeof named.reason === 'string' ? named.reason : null,
      dueAt: named.deadline ?? named.submitBy ?? named.reviewBy ?? null,
      ordinal: numberOrNull(eventName === 'BountyClaimed' ? named.round : (named.revision ?? named.namings)),
      round: numberOrNull(named.round),
      by: by === undefined || by === zeroAddress ? null : (by.toLowerCase() as Hex),
      rejection:
        typeof named.reason === 'number'
          ? ((['REJECTED', 'OVERDUE', 'ABANDONED'] as const)[named.reason] ?? null)
          : null,
      timestamp,
      blockNumber,
      blockHash,
      logIndex,
      transactionHash,
    })
  }
  return expected
}
