import { and, asc, desc, eq, gt, inArray, lt, lte, ne, sql } from 'drizzle-orm'
import type { Hex } from 'viem'
import {
  agent,
  RECENT_BLOCKS,
  recentBlock,
  runEvent,
  type runEventNames,
  unchangingEvents,
} from '../../../ponder.schema.ts'
import type { Tx } from '../index/reader.ts'
import type { Snapshot } from '../index/snapshot.ts'
import { type AgentStatus, agentColumns, type StoredAgentRow, statusOf } from './agents.ts'
import { registration } from './content.ts'
import type { RunState } from './runList.ts'
import { type RunRow, runsById } from './runs.ts'

/** A read has the changes of so many blocks that it has about this number, and those of the last block all. */
const CHANGES_PER_READ = 250

/** Beyond so many changes in a block, and so many in all, a client reads its lists again. */
const MAX_BLOCK_CHANGES = 1_000
const MAX_CHANGES = 5_000

/** How many events a read passes at most, also such as change no run: any account can cause these in any number. */
const MAX_PASSED_EVENTS = 100_000

/**
 * How many blocks up to the finalized one a read returns, beside all after it, to find where two branches fork. Where the
 * index was made by a backfill, only some of them are stored. A client that has last read longer ago names a block that was
 * final then.
 */
const COMPARED_BLOCKS = 256

/** A block by its place in the order of events. The timestamp is in seconds. */
type Mark = { number: bigint; timestamp: bigint }

export type Block = Mark & { hash: Hex }

/**
 * What a client has: all changes up to the block `from`, and maybe some of those up to the block `to`, which decides
 * whether its branch is the chain. The block `final` was finalized when this was made: any branch has it.
 */
export type Cursor = { from: Mark; to: Block; final: bigint }

/** What filters depend on and a change of a run may change. */
export type Standing = { block: bigint; state: RunState; claimedBy: bigint | null }

/** A run or an agent that changed. `block` is the last block that changed it. */
export type Change = { id: bigint; block: bigint } & (
  | {
      type: 'run'
      row: RunRow
      /** When the run can be claimed, in seconds. */
      now: bigint
      /** At the block from which the changes were read, if the run existed, and at the end of each block that changed it. */
      standings: readonly Standing[]
    }
  | {
      type: 'agent'
      /** Its owner is null if the registry burned it, or never had it. Its URI was read only if it is new. */
      row: StoredAgentRow & { status: AgentStatus }
      /** Whether the URI was set, or the agent registered, since the block from which the changes were read. */
      isURINew: boolean
    }
)

export type Changes = {
  /** Whether the block that was asked about is part of the chain. If not, no change is read. */
  isKnown: boolean
  /** Whether there are more changes than one of the limits above. Then none is read. */
  areTooMany: boolean
  /** Runs by id, then agents by id. */
  changes: Change[]
  /** What a client has that has these changes. */
  end: Cursor
  /** Whether more changes follow by now. */
  isPart: boolean
  /** Stored blocks, the highest first: the latest, and the client's final one. Not all are stored: see `recentBlock`. */
  recent: Block[]
}

/** The state after each event; null where it stays. */
const stateAfter: Record<(typeof runEventNames)[number], RunState | null> = {
  BountyCreated: 'DRAFT',
  ClaimantNamed: null,
  BountyFunded: 'OPEN',
  BountyWithdrawn: 'DRAFT',
  BountyClosing: null,
  BountyClaimed: 'CLAIMED',
  ClaimRefused: null,
  WorkStarted: 'IN_PROGRESS',
  WorkSubmitted: 'SUBMITTED',
  RevisionRequested: 'REVISION_REQUESTED',
  BountyApproved: 'APPROVED',
  BountyRejected: 'REJECTED',
  ClaimSlashed: 'OPEN',
  ClaimAbandoned: 'OPEN',
  PaymentDeferred: null,
}

/** Literals, because PostgreSQL uses a partial index only where the text of the statement implies its condition. */
const changesRun = sql.raw(`name not in ('${unchangingEvents.join(`', '`)}')`)

/**
 * What changed in the blocks after `from`, up to the block of the read or an earlier one, if the block `to` is part of the
 * chain.
 * @param chainId Ids of events have it.
 */
export async function changesSince(tx: Tx, block: Snapshot, chainId: number, cursor: Cursor): Promise<Changes> {
  const { from, to, final } = cursor
  const finalized = await finalizedBlock(tx, chainId)
  const shared = final < from.number ? final : from.number
  const recent = await recentBlocks(tx, block.number, finalized, shared)
  const isKnown = await isOfBranch(tx, chainId, to)
  const none: Changes = { isKnown, areTooMany: false, changes: [], end: cursor, isPart: false, recent }
  if (!isKnown) return none

  const sinceEnd = idOf(chainId, from, '9')
  const passed = tx
    .select({ id: runEvent.id })
    .from(runEvent)
    .where(gt(runEvent.id, sinceEnd))
    .orderBy(asc(runEvent.id))
  const [beyond] = await passed.offset(MAX_PASSED_EVENTS).limit(1)
  if (beyond) return { ...none, areTooMany: true }
  const events: Event[] = await tx
    .select(eventColumns)
    .from(runEvent)
    .where(and(gt(runEvent.id, sinceEnd), changesRun))
    .orderBy(asc(runEvent.id))
    .limit(MAX_CHANGES + 1)
  const agents = await tx
    .select({ number: agent.updatedBlock })
    .from(agent)
    .where(gt(agent.updatedBlock, from.number))
    .orderBy(asc(agent.updatedBlock))
    .limit(MAX_CHANGES + 1)

  const numbers = [...events, ...agents].map(({ number }) => number).toSorted(inOrder)
  const last = numbers[CHANGES_PER_READ - 1] ?? numbers.at(-1) ?? to.number
  const ofLast = numbers.filter((number) => number === last)
  const areTooMany = Math.max(events.length, agents.length) > MAX_CHANGES || ofLast.length > MAX_BLOCK_CHANGES
  if (areTooMany) return { ...none, areTooMany }

  const isPart = last < (numbers.at(-1) ?? last)
  const placed = events.filter(({ number }) => number <= last)
  const runs = await changedRuns(tx, block.now, sinceEnd, placed)
  const changes = [...runs, ...(await changedAgents(tx, block.now, cursor, last))]
  if (isPart) {
    // All events after the block `last` have greater ids than this mark has.
    const timestamp = placed.at(-1)?.timestamp ?? from.timestamp
    return { ...none, changes, isPart, end: { from: { number: last, timestamp }, to: { ...block }, final: finalized } }
  }
  const end = endOf(last, placed, recent, finalized, to) ?? block
  return { ...none, changes, end: cursorAt(end, finalized) }
}

/** The cursor of a client that has all changes up to the block. */
export const cursorAt = ({ number, hash, timestamp }: Block, final: bigint): Cursor => {
  const to = { number, hash, timestamp }
  return { from: to, to, final }
}

/**
 * The last block that changed anything, because each process recognises it, also after the indexer was restarted. If
 * it was finalized long ago, the latest finalized block serves as well, and is recognised for longer.
 * @returns undefined if the block is not stored.
 */
function endOf(last: bigint, events: Event[], recent: Block[], finalized: bigint, to: Block): Block | undefined {
  const final = recent.find(({ number }) => number <= finalized)
  if (last <= to.number) return final && final.number > to.number ? final : to
  return events.findLast(({ number }) => number === last) ?? recent.find(({ number }) => number === last)
}

/** The agents whose last change is in a block up to `last`. */
async function changedAgents(tx: Tx, now: bigint, { from, to }: Cursor, last: bigint): Promise<Change[]> {
  const rows = await tx
    .select(agentColumns)
    .from(agent)
    .leftJoin(registration, eq(registration.uri, agent.agentURI))
    .where(and(gt(agent.updatedBlock, from.number), lte(agent.updatedBlock, last)))
    .orderBy(asc(agent.id))
  // A client that has some of the changes up to `to` may lack the change that set the URI.
  const isNew = (block: bigint) => from.number < to.number || block > from.number
  return rows.map((row) => ({
    type: 'agent',
    id: row.id,
    block: row.updatedBlock,
    row: { ...row, status: statusOf(row, now) },
    isURINew: isNew(row.agentURIBlock),
  }))
}

const inOrder = (a: bigint, b: bigint) => (a < b ? -1 : 1)

/** The latest block that Ponder counts as finalized. Its table is not part of ponder.schema.ts. */
async function finalizedBlock(tx: Tx, chainId: number): Promise<bigint> {
  const { rows } = await tx.execute<{ number: string }>(
    sql`select substring(finalized_checkpoint from 27 for 16)::int8 as number from _ponder_checkpoint where chain_id = ${chainId}`,
  )
  return BigInt(rows[0]?.number ?? 0)
}

/** Whether the block is part of the chain: it is one of the recent blocks, or has an event. */
async function isOfBranch(tx: Tx, chainId: number, block: Block): Promise<boolean> {
  const { number, hash } = block
  const stored = await tx
    .select({ hash: recentBlock.hash })
    .from(recentBlock)
    .where(
      and(eq(recentBlock.slot, number % RECENT_BLOCKS), eq(recentBlock.number, number), eq(recentBlock.hash, hash)),
    )
  if (stored.length > 0) return true
  const [first, last] = [idOf(chainId, block, '0'), idOf(chainId, block, '9')]
  const events = await tx
    .select({ id: runEvent.id })
    .from(runEvent)
    .where(and(gt(runEvent.id, first), lt(runEvent.id, last), eq(runEvent.blockHash, hash)))
    .limit(1)
  return events.length > 0
}

/** The stored blocks from some before the finalized one on, and the block `shared`, the highest first. */
async function recentBlocks(tx: Tx, head: bigint, finalized: bigint, shared: bigint): Promise<Block[]> {
  const start = (head < finalized ? head : finalized) - BigInt(COMPARED_BLOCKS - 1)
  const numbers = [shared]
  for (let number = start; number <= head; number++) numbers.push(number)
  const { number, hash, timestamp } = recentBlock
  return tx
    .select({ number, hash, timestamp })
    .from(recentBlock)
    .where(
      and(inArray(recentBlock.slot, [...new Set(numbers.map((one) => one % RECENT_BLOCKS))]), inArray(number, numbers)),
    )
    .orderBy(desc(number))
}

const eventColumns = {
  bountyId: runEvent.bountyId,
  number: runEvent.blockNumber,
  timestamp: runEvent.timestamp,
  hash: runEvent.blockHash,
  name: runEvent.name,
  agentId: runEvent.agentId,
}

type Event = Pick<typeof runEvent.$inferSelect, 'bountyId' | 'name' | 'agentId' | 'timestamp'> & {
  number: bigint
  hash: Hex
}

async function changedRuns(tx: Tx, now: bigint, sinceEnd: string, events: readonly Event[]): Promise<Change[]> {
  const ids = [...new Set(events.map(({ bountyId }) => bountyId))].toSorted(inOrder)
  if (ids.length === 0) return []
  const rows = await runsById(tx, ids)
  const before: Event[] = await tx
    .selectDistinctOn([runEvent.bountyId], eventColumns)
    .from(runEvent)
    .where(
      and(inArray(runEvent.bountyId, ids), changesRun, ne(runEvent.name, 'BountyClosing'), lte(runEvent.id, sinceEnd)),
    )
    .orderBy(asc(runEvent.bountyId), desc(runEvent.id))
  const byRun = Map.groupBy([...before, ...events], ({ bountyId }) => bountyId)
  return ids.map((id) => {
    const row = rows.get(id)
    const history = byRun.get(id) ?? []
    const last = history.at(-1)
    if (!row || !last) throw new Error(`Run ${id} has events, and no row`)
    const standings = standingsAfter(history).filter(({ block }, place, all) => all[place + 1]?.block !== block)
    return { type: 'run', id, block: last.number, row, now, standings }
  })
}

/**
 * The least or the greatest id that an event of the block can have. Ponder's ids are 10 digits of the timestamp, 16 of
 * the chain id, 16 of the block number, and 33 of the place in the block.
 */
function idOf(chainId: number, { number, timestamp }: Mark, digit: '0' | '9'): string {
  const parts = [
    String(timestamp).padStart(10, '0'),
    String(chainId).padStart(16, '0'),
    String(number).padStart(16, '0'),
  ]
  return parts.join('') + digit.repeat(33)
}

/** The standing after each event. @throws if the first one sets no state. */
function standingsAfter(events: readonly Event[]): Standing[] {
  const standings: Standing[] = []
  for (const { number: block, name, agentId } of events) {
    const state = stateAfter[name]
    const previous = standings.at(-1)
    if (state === null) {
      if (!previous) throw new Error(`No event before ${name} in block ${block} sets the state of the run`)
      standings.push({ ...previous, block })
      continue
    }
    const isUnclaimed = state === 'DRAFT' || state === 'OPEN'
    standings.push({ block, state, claimedBy: isUnclaimed ? null : agentId })
  }
  return standings
}
