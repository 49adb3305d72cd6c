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

/** How many changes a read returns at most: the JSON of so many runs has about 5 MB. */
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
export type Mark = { number: bigint; timestamp: bigint }

export type Block = Mark & { hash: Hex }

/** What a client has: the changes before the block `since`, a block `to` of its branch, and one that was final then. */
export type Past = { since: Mark; to: Block; final: bigint }

/** What filters depend on and a change of a run may change. */
export type Standing = { block: bigint; state: RunState; claimedBy: bigint | null }

/** A run or an agent that changed. `block` is the last block that changed it. */
export type Change = { id: bigint; block: bigint } & (
  | {
      type: 'run'
      row: RunRow
      /** When the run can be claimed, in seconds. */
      now: bigint
      /** The block `block`. */
      at: Block
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
  /** Whether there are more changes than `MAX_CHANGES`, or more events than `MAX_PASSED_EVENTS`. Then none is read. */
  areTooMany: boolean
  /** Runs by id, then agents by id. */
  changes: Change[]
  /** Stored blocks, the highest first: the latest, and the client's final one. Not all are stored: see `recentBlock`. */
  recent: Block[]
  /** The latest block that Ponder counts as finalized. */
  finalized: bigint
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
 * What changed in the blocks after `since`, up to the block of the read, if the block `to` is part of the chain.
 * @param chainId Ids of events have it.
 */
export async function changesSince(tx: Tx, block: Snapshot, chainId: number, { since, to, final }: Past) {
  const finalized = await finalizedBlock(tx, chainId)
  const isKnown = await isOfBranch(tx, chainId, to)
  const shared = final < since.number ? final : since.number
  const recent = await recentBlocks(tx, block.number, finalized, shared)
  const none: Changes = { isKnown, areTooMany: false, changes: [], recent, finalized }
  if (!isKnown) return none

  const sinceEnd = idOf(chainId, since, '9')
  const passed = await tx
    .select({ bountyId: runEvent.bountyId, name: runEvent.name })
    .from(runEvent)
    .where(gt(runEvent.id, sinceEnd))
    .orderBy(asc(runEvent.id))
    .limit(MAX_PASSED_EVENTS + 1)
  const changing = passed.filter(({ name }) => !unchangingEvents.some((one) => one === name))
  const agentRows = await tx
    .select(agentColumns)
    .from(agent)
    .leftJoin(registration, eq(registration.uri, agent.agentURI))
    .where(gt(agent.updatedBlock, since.number))
    .orderBy(asc(agent.updatedBlock))
    .limit(MAX_CHANGES + 1)
  const areTooMany = Math.max(changing.length, agentRows.length) > MAX_CHANGES || passed.length > MAX_PASSED_EVENTS
  if (areTooMany) return { ...none, areTooMany }

  const ids = [...new Set(changing.map(({ bountyId }) => bountyId))].toSorted(inOrder)
  const runs = ids.length === 0 ? [] : await changedRuns(tx, block.now, sinceEnd, ids)
  const agents = agentRows
    .toSorted((a, b) => inOrder(a.id, b.id))
    .map((row): Change => {
      const isURINew = row.agentURIBlock > since.number
      return {
        type: 'agent',
        id: row.id,
        block: row.updatedBlock,
        row: { ...row, status: statusOf(row, block.now) },
        isURINew,
      }
    })
  return { ...none, changes: [...runs, ...agents] }
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

/** @param ids of the runs that changed, in ascending order. */
async function changedRuns(tx: Tx, now: bigint, sinceEnd: string, ids: bigint[]): Promise<Change[]> {
  const rows = await runsById(tx, ids)
  const ofRuns = and(inArray(runEvent.bountyId, ids), changesRun)
  const events: Event[] = await tx
    .select(eventColumns)
    .from(runEvent)
    .where(and(ofRuns, gt(runEvent.id, sinceEnd)))
    .orderBy(asc(runEvent.id))
  const before: Event[] = await tx
    .selectDistinctOn([runEvent.bountyId], eventColumns)
    .from(runEvent)
    .where(and(ofRuns, ne(runEvent.name, 'BountyClosing'), lte(runEvent.id, sinceEnd)))
    .orderBy(asc(runEvent.bountyId), desc(runEvent.id))
  const byRun = Map.groupBy([...before, ...events], ({ bountyId }) => bountyId)
  return ids.map((id) => {
    const row = rows.get(id)
    const history = byRun.get(id) ?? []
    const last = history.at(-1)
    if (!row || !last) throw new Error(`Run ${id} has events, and no row`)
    const standings = standingsAfter(history).filter(({ block }, place, all) => all[place + 1]?.block !== block)
    const at = { number: last.number, timestamp: last.timestamp, hash: last.hash }
    return { type: 'run', id, block: at.number, at, row, now, standings }
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
