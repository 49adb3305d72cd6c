import { and, asc, desc, eq, gt, inArray, lte, notInArray, type SQL, sql } from 'drizzle-orm'
import { type Address, getAddress, type Hex } from 'viem'
import { agent, RECENT_BLOCKS, recentBlock, runEvent, runEventNames, unchangingEvents } from '../../../ponder.schema.ts'
import type { Tx } from '../index/reader.ts'
import type { Snapshot } from '../index/snapshot.ts'
import { type AgentStatus, type StoredAgentRow, selectAgents, statusOf } from './agents.ts'
import { type RunRow, type RunState, runsById } from './runs.ts'

/** Beyond so many changes, of runs or of agents, a client reads its lists again. */
const MAX_CHANGES = 1_000

/** How many events a read passes at most, also such as change no run: any account can cause these in any number. */
const MAX_PASSED_EVENTS = 100_000

/** A block by its place in the order of events. The timestamp is in seconds. */
type Mark = { number: bigint; timestamp: bigint }

export type Block = Mark & { hash: Hex }

/**
 * What a client has: all changes up to the block `from`, and maybe some of those up to the block `to`, which decides
 * whether its branch is the chain. The block `final` was finalized when this was made: any branch has it.
 */
export type Cursor = { from: Mark; to: Block; final: bigint }

/** Where a stream is: what its client has, and the block up to which it was read; undefined of a client that comes or was reset. */
export type Place = { cursor: Cursor; head: Block | undefined }

/** What filters depend on and a change of a run may change. */
export type Standing = { state: RunState; claimedBy: bigint | null; claimant: Address | null }

/** A run or an agent that changed. */
export type Change = { id: bigint } & (
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
  /** All that the client has of blocks after this one is void. Then no change is read. */
  reset: { block: Block; reason: 'REORG' | 'EXPIRED' } | undefined
  /** Runs by id, then agents by id. */
  changes: Change[]
  /** The place of a client that has these changes. */
  end: Place
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

const keepState = runEventNames.filter((name) => stateAfter[name] === null)

/** Literals, because PostgreSQL uses a partial index only where the text of the statement implies its condition. */
export const changesRun = sql.raw(`name not in ('${unchangingEvents.join(`', '`)}')`)

/**
 * What changed in the blocks after the place, up to the block of the read.
 * @param chainId Ids of events have it.
 */
export async function changesSince(tx: Tx, block: Snapshot, chainId: number, place: Place): Promise<Changes> {
  const { from, to, final } = place.cursor
  const finalized = await finalizedBlock(tx, chainId)
  const resetTo = (start: Block, reason: 'REORG' | 'EXPIRED'): Changes => {
    const end = { cursor: cursorAt(start, finalized), head: start.hash === block.hash ? block : undefined }
    return { reset: { block: start, reason }, changes: [], end }
  }
  // Final when the id was made, and now: any build and any branch has it.
  const isFinal = to.number <= final && to.number <= finalized
  const isKnown = isFinal || (await storedBlock(tx, to.number))?.hash === to.hash || (await hasEventIn(tx, chainId, to))
  // A client may have read lists at the block `head`. A restarted indexer may lack blocks without events.
  const { head = block } = place
  const isReplaced = head.number > block.number || ((await storedBlock(tx, head.number)) ?? head).hash !== head.hash
  if (!isKnown || isReplaced) {
    const shared = await storedBlock(tx, final < from.number ? final : from.number)
    return shared ? resetTo(shared, 'REORG') : resetTo(block, 'EXPIRED')
  }

  const since = lastId(chainId, from)
  const passed = tx.select({ id: runEvent.id }).from(runEvent).where(gt(runEvent.id, since)).orderBy(asc(runEvent.id))
  const beyond = await passed.offset(MAX_PASSED_EVENTS).limit(1)
  if (beyond.length > 0) return resetTo(block, 'EXPIRED')
  const events: Event[] = await tx
    .select(eventColumns)
    .from(runEvent)
    .where(and(gt(runEvent.id, since), changesRun))
    .orderBy(asc(runEvent.id))
    .limit(MAX_CHANGES + 1)
  const agents = await selectAgents(tx)
    .where(gt(agent.updatedBlock, from.number))
    .orderBy(asc(agent.id))
    .limit(MAX_CHANGES + 1)
  if (Math.max(events.length, agents.length) > MAX_CHANGES) return resetTo(block, 'EXPIRED')

  const changes = await changedRuns(tx, block.now, since, events)
  for (const row of agents) {
    const { id, agentURIBlock } = row
    // A client that has some of the changes up to `to` may lack the change that set the URI.
    const isURINew = from.number < to.number || agentURIBlock > from.number
    changes.push({ type: 'agent', id, row: { ...row, status: statusOf(row, block.now) }, isURINew })
  }
  const numbers = [to.number, ...events.map(({ number }) => number), ...agents.map(({ updatedBlock }) => updatedBlock)]
  const last = numbers.toSorted(inOrder).at(-1) ?? to.number
  const end = (await endOf(tx, last, finalized, to)) ?? block
  return { reset: undefined, changes, end: { cursor: cursorAt(end, finalized), head: block } }
}

/** The place of a client that begins at the block. */
export const placeAt = async (tx: Tx, block: Snapshot, chainId: number) => ({
  cursor: cursorAt(block, await finalizedBlock(tx, chainId)),
  head: block,
})

/** The cursor of a client that has all changes up to the block. */
function cursorAt({ number, hash, timestamp }: Block, final: bigint): Cursor {
  const to = { number, hash, timestamp }
  return { from: to, to, final }
}

/**
 * The last block that changed anything, because a restarted indexer stores it again. If it was finalized long ago, the latest
 * finalized block serves as well, and is stored for longer.
 */
async function endOf(tx: Tx, last: bigint, finalized: bigint, to: Block): Promise<Block | undefined> {
  if (last > to.number) return storedBlock(tx, last)
  return finalized > to.number ? ((await storedBlock(tx, finalized)) ?? to) : to
}

const inOrder = (a: bigint, b: bigint) => (a < b ? -1 : 1)

/** The latest block that Ponder counts as finalized. Its table is not part of ponder.schema.ts. */
async function finalizedBlock(tx: Tx, chainId: number): Promise<bigint> {
  const { rows } = await tx.execute<{ number: string }>(
    sql`select substring(finalized_checkpoint from 27 for 16)::int8 as number from _ponder_checkpoint where chain_id = ${chainId}`,
  )
  return BigInt(rows[0]?.number ?? 0)
}

/** A block of the chain, if it is stored: see `recentBlock`. */
async function storedBlock(tx: Tx, number: bigint): Promise<Block | undefined> {
  const [stored] = await tx
    .select({ number: recentBlock.number, hash: recentBlock.hash, timestamp: recentBlock.timestamp })
    .from(recentBlock)
    .where(and(eq(recentBlock.slot, number % RECENT_BLOCKS), eq(recentBlock.number, number)))
  return stored
}

/**
 * Whether a run changed in the block. A build stores the blocks that were not final at its start, and of those before the ones
 * that changed an agent lately: of others, the events of runs are all that it has.
 */
async function hasEventIn(tx: Tx, chainId: number, block: Block): Promise<boolean> {
  const before = { number: block.number - 1n, timestamp: block.timestamp }
  const isInBlock = and(gt(runEvent.id, lastId(chainId, before)), lte(runEvent.id, lastId(chainId, block)))
  const found = await tx.select({ hash: runEvent.blockHash }).from(runEvent).where(isInBlock).limit(1)
  return found[0]?.hash === block.hash
}

const eventColumns = {
  bountyId: runEvent.bountyId,
  number: runEvent.blockNumber,
  name: runEvent.name,
  agentId: runEvent.agentId,
  address: runEvent.address,
}

type Event = Pick<typeof runEvent.$inferSelect, 'bountyId' | 'name' | 'agentId' | 'address'> & { number: bigint }

async function changedRuns(tx: Tx, now: bigint, since: string, events: readonly Event[]): Promise<Change[]> {
  const ids = [...new Set(events.map(({ bountyId }) => bountyId))].toSorted(inOrder)
  if (ids.length === 0) return []
  const rows = await runsById(tx, ids)
  const lastBefore = (runs: bigint[], isWanted: SQL): Promise<Event[]> =>
    tx
      .selectDistinctOn([runEvent.bountyId], eventColumns)
      .from(runEvent)
      .where(and(inArray(runEvent.bountyId, runs), changesRun, isWanted, lte(runEvent.id, since)))
      .orderBy(asc(runEvent.bountyId), desc(runEvent.id))
  const before = await lastBefore(ids, notInArray(runEvent.name, keepState))
  const named = [...new Set(events.flatMap(({ name, bountyId }) => (name === 'ClaimantNamed' ? bountyId : [])))]
  const namedBefore = named.length > 0 ? await lastBefore(named, eq(runEvent.name, 'ClaimantNamed')) : []
  const byRun = Map.groupBy([...before, ...events], ({ bountyId }) => bountyId)
  return ids.map((id) => {
    const row = rows.get(id)
    if (!row) throw new Error(`Run ${id} has events, and no row`)
    const claimant = named.includes(id) ? claimantOf(namedBefore.find(({ bountyId }) => bountyId === id)) : row.claimant
    return { type: 'run', id, row, now, standings: standingsAfter(byRun.get(id) ?? [], claimant) }
  })
}

const claimantOf = (named: Event | undefined) => (named?.address ? getAddress(named.address) : null)

/**
 * The greatest id that an event of the block can have. Ponder's ids are 10 digits of the timestamp, 16 of the chain id, 16 of
 * the block number, and 33 of the place in the block.
 */
const lastId = (chainId: number, { number, timestamp }: Mark): string =>
  `${timestamp}`.padStart(10, '0') + `${chainId}`.padStart(16, '0') + `${number}`.padStart(16, '0') + '9'.repeat(33)

/** The standing after each block of the events. @param claimant before them. @throws if the first one sets no state. */
function standingsAfter(events: readonly Event[], claimant: Address | null): Standing[] {
  const byBlock = new Map<bigint, Standing>()
  let standing: Standing | undefined
  for (const event of events) {
    const { number, name, agentId } = event
    const state = stateAfter[name]
    if (state !== null) {
      const claimedBy = state === 'DRAFT' || state === 'OPEN' ? null : agentId
      standing = { claimant, ...standing, state, claimedBy }
    }
    if (name === 'ClaimantNamed' && standing) standing = { ...standing, claimant: claimantOf(event) }
    if (!standing) throw new Error(`No event before ${name} in block ${number} sets the state of the run`)
    byBlock.set(number, standing)
  }
  return [...byBlock.values()]
}
