import { and, eq, sql } from 'drizzle-orm'
import { agent, runEvent } from '../../../ponder.schema.ts'
import { type AgentRow, agentColumns, isRegistered } from './agents.ts'
import { createBatchedRead } from './batchedReads.ts'
import type { IndexReader } from './indexReader.ts'
import { type RunJson, runJson, storableId } from './runs.ts'
import { type SnapshotQuery, snapshotQuery } from './snapshot.ts'

/** Identifies a claim. `round` is its number among the claims of the run, from 1. */
export type ClaimName = { bountyId: bigint; agentId: bigint; round: bigint }

/** The columns of the event of a successful claim. `ordinal` is its round. */
const claimColumns = {
  bountyId: runEvent.bountyId,
  agentId: runEvent.agentId,
  address: runEvent.address,
  ordinal: runEvent.ordinal,
  transactionHash: runEvent.transactionHash,
  blockNumber: runEvent.blockNumber,
}

/** A successful claim that the index shows. */
export type ShownClaim = Pick<typeof runEvent.$inferSelect, keyof typeof claimColumns>

/** A member is null if there is no such run, agent or successful claim. */
type ClaimedRun = { run: RunJson | null; agent: AgentRow | null; claim: ShownClaim | null }

const isClaim = eq(runEvent.name, 'BountyClaimed')

const findClaimedRuns = snapshotQuery('claimed runs', (db, snapshot) => {
  const requested = db.$with('requested', { json: sql<RunJson | null>`"json"`.as('json') }).as(
    sql`select *, ${runJson(sql`"requested"."bounty_id"`)}::json as "json"
        from unnest(${sql.placeholder('bountyIds')}::int8[], ${sql.placeholder('agentIds')}::numeric[],
          ${sql.placeholder('rounds')}::int4[]) with ordinality as "requested" ("bounty_id", "agent_id", "round", "place")`,
  )
  const agents = db.select(agentColumns).from(agent).where(isRegistered).as('agent')
  const claims = db.select(claimColumns).from(runEvent).where(isClaim).as('claim')
  const isRequested = sql`${claims.bountyId} = "requested"."bounty_id" and ${claims.agentId} = "requested"."agent_id"
    and ${claims.ordinal} = "requested"."round"`
  return db
    .with(snapshot, requested)
    .select()
    .from(snapshot)
    .innerJoin(requested, sql`true`)
    .leftJoin(agents, sql`${agents.id} = "requested"."agent_id"`)
    .leftJoin(claims, isRequested)
    .orderBy(sql`"requested"."place"`)
})

/** Reads the run, the agent and the event of each claim, all at one block. */
function claimedRuns(claims: readonly ClaimName[]): SnapshotQuery<ClaimedRun[]> {
  const values = {
    bountyIds: claims.map(({ bountyId }) => String(storableId(bountyId))),
    agentIds: claims.map(({ agentId }) => String(agentId)),
    rounds: claims.map(({ round }) => Number(round)),
  }
  return findClaimedRuns(values, (_, rows) =>
    rows.map(({ requested, agent, claim }) => ({ run: requested.json, agent, claim })),
  )
}

export type ReadClaimedRun = ReturnType<typeof createClaimedRunReader>

/** Creates a function that reads a claimed run. Concurrent calls share a statement. */
export function createClaimedRunReader(index: IndexReader) {
  const read = createBatchedRead(index, claimedRuns)

  /**
   * @param reach the block to wait for, until the signal aborts.
   * @throws Problem INDEX_BEHIND if the index cannot be read.
   */
  return async (claim: ClaimName, reach?: { block: bigint; signal: AbortSignal }) => {
    if (reach) await index.head.until(({ number }) => number >= reach.block, reach.signal)
    return read(claim)
  }
}

const findShown = snapshotQuery('shown claims', (db, snapshot) => {
  const isAsked = sql`${runEvent.bountyId} = ANY(${sql.placeholder('bountyIds')}::int8[])`
  const claims = db.select(claimColumns).from(runEvent).where(and(isAsked, isClaim)).as('claim')
  return db.with(snapshot).select().from(snapshot).leftJoin(claims, sql`true`)
})

/** Reads all successful claims of these runs, also of earlier rounds. */
export function shownClaims(bountyIds: bigint[]): SnapshotQuery<ShownClaim[]> {
  const values = { bountyIds: bountyIds.map((id) => String(storableId(id))) }
  return findShown(values, (_, rows) => rows.flatMap(({ claim }) => claim ?? []))
}
