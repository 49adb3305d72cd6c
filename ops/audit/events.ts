import { and, asc, between, eq, inArray } from 'drizzle-orm'
import { type Hex, parseEventLogs } from 'viem'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { runEvent, storedText } from '../../ponder.schema.ts'
import type { Audited, Phase } from './audited.ts'
import { type ChainLog, timeOf } from './chainLogs.ts'
import { differencesOf } from './difference.ts'
import { recordLogFacts } from './logFacts.ts'

/** The greatest id that the table can hold. */
const MAX_INT8 = 2n ** 63n - 1n

/**
 * Compares the timelines with the market's logs, range by range, and records what the logs say of agents and payees for
 * the later phases.
 */
export const events: Phase = {
  name: 'events',
  first: ({ logs }) => logs.start,
  async step(audited, from) {
    const last = audited.block.number
    const { logs, to } = await audited.logs.read(from, last)
    await recordLogFacts(audited, logs)
    const expected = await eventsOf(audited, logs)
    const rows = await rowsBetween(audited, from, to)
    const places = [...new Set([...expected.keys(), ...rows.keys()])]
    return {
      differences: places.flatMap((place) => differencesOf(place, expected.get(place), rows.get(place))),
      compared: expected.size,
      next: to < last ? to + 1n : undefined,
      share: Number(to - audited.logs.start + 1n) / Number(last - audited.logs.start + 1n),
    }
  },
}

const placeOf = (blockNumber: bigint, logIndex: number) => `event of block ${blockNumber}, log ${logIndex}`

async function rowsBetween({ db }: Audited, from: bigint, to: bigint) {
  const rows = await db
    .select()
    .from(runEvent)
    .where(between(runEvent.blockNumber, from, to))
    .orderBy(asc(runEvent.blockNumber), asc(runEvent.logIndex))
  return new Map(rows.map((row) => [placeOf(row.blockNumber, row.logIndex), row]))
}

/** The rows that the market's logs require. */
async function eventsOf(audited: Audited, logs: ChainLog[]) {
  const { BountyMarket } = audited.deployment.contracts
  const ours = logs.filter(({ address }) => address.toLowerCase() === BountyMarket.toLowerCase())
  const parsed = parseEventLogs({ abi: bountyMarketAbi, logs: ours })
  const refused = parsed.flatMap(({ eventName, args }) => (eventName === 'ClaimRefused' ? [args.bountyId] : []))
  const created = await creationsOf(audited, refused)
  const expected = new Map<string, Record<string, unknown>>()
  for (const { eventName, args, ...log } of parsed) {
    if (!('bountyId' in args)) continue
    const place = placeOf(log.blockNumber, log.logIndex)
    const id = checkpointOf(log, audited.deployment.chainId)
    // Anyone may try to claim a bounty that does not exist. It has no timeline.
    const isUnknownBounty = eventName === 'ClaimRefused' && !((created.get(args.bountyId) ?? id) < id)
    if (isUnknownBounty) continue
    if (eventName === 'BountyCreated') created.set(args.bountyId, id)
    expected.set(place, { id, name: eventName, ...fieldsOf(args), ...placementOf(log) })
  }
  return expected
}

/** The ids of the events that created these bounties. A bounty that does not exist has none. */
async function creationsOf({ db }: Audited, bountyIds: bigint[]): Promise<Map<bigint, string>> {
  const storable = bountyIds.filter((id) => id <= MAX_INT8)
  const rows = await db
    .select({ bountyId: runEvent.bountyId, id: runEvent.id })
    .from(runEvent)
    .where(and(inArray(runEvent.bountyId, storable), eq(runEvent.name, 'BountyCreated')))
  return new Map(rows.map(({ bountyId, id }) => [bountyId, id]))
}

/** Ponder's id of a log, which sorts the logs of all chains. */
function checkpointOf(log: ChainLog, chainId: number) {
  const { blockNumber, transactionIndex, logIndex } = log
  const digits = (value: bigint | number, width: number) => value.toString().padStart(width, '0')
  const place = [chainId, blockNumber, transactionIndex].map((value) => digits(value, 16)).join('')
  return `${digits(timeOf(log), 10)}${place}5${digits(logIndex, 16)}`
}

/** The arguments of all the market's events. */
type Arguments = { bountyId: bigint } & Partial<{
  agentId: bigint
  poster: Hex
  wallet: Hex
  payee: Hex
  amount: bigint
  reward: bigint
  refund: bigint
  stake: bigint
  ipfsHash: string
  deliverableHash: string
  feedbackHash: string
  reason: Hex
  deadline: bigint
  submitBy: bigint
  reviewBy: bigint
  round: bigint
  revision: bigint
  byTimeout: boolean
}>

/** The columns from the event's arguments. An event that names no account gets its address from the run's history. */
function fieldsOf(args: Arguments) {
  const address = args.payee ?? args.wallet ?? args.poster
  const hash = args.ipfsHash ?? args.deliverableHash ?? args.feedbackHash
  const ordinal = args.round ?? args.revision
  return {
    bountyId: args.bountyId,
    agentId: args.agentId ?? null,
    ...(address && { address: address.toLowerCase() }),
    amount: args.amount ?? args.refund ?? args.reward ?? args.stake ?? null,
    hash: hash === undefined ? null : storedText(hash),
    reason: args.reason ?? null,
    dueAt: args.deadline ?? args.submitBy ?? args.reviewBy ?? null,
    ordinal: ordinal === undefined ? null : Number(ordinal),
    byTimeout: args.byTimeout ?? null,
  }
}

function placementOf(log: ChainLog) {
  const { blockNumber, blockHash, logIndex, transactionHash } = log
  return { timestamp: timeOf(log), blockNumber, blockHash, logIndex, transactionHash }
}
