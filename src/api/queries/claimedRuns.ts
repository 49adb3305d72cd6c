import { and, eq, sql } from 'drizzle-orm'
import { agent, runEvent } from '../../../ponder.schema.ts'
import { type AgentRow, agentColumns, isRegistered } from './agents.ts'
import { createBatchedRead } from './batchedReads.ts'
import type { IndexReader } from './indexReader.ts'
import { type RunJson, runJson, storableId } from './runs.ts'
import { type SnapshotQuery, snapshotQuery } from './snapshot.ts'

/** Identifies a claim. `round` is its number among the claims of the run, from 1. */
export type ClaimName = { bountyId: bigint; agentId: bigint; round: bigint }

/** The transaction and block of a successful claim. */
type ClaimEvent = { transactionHash: string; blockNumber: bigint }

/** A member is null if there is no such run, agent or successful claim. */
type ClaimedRun = { run: RunJson | null; agent: AgentRow | null; claim: ClaimEvent | null }

/** The columns of the requested claims, one row per claim. */
const requested = {
  bountyId: sql`"requested"."bounty_id"`,
  agentId: sql`"requested"."agent_id"`,
  round: sql`"requested"."round"`,
  place: sql`"requested"."place"`,
}

const findClaimedRuns = snapshotQuery('claimed runs', (db, snapshot) => {
  const arrays = [
    sql`${sql.placeholder('bountyIds')}::int8[]`,
    sql`${sql.placeholder('agentIds')}::numeric[]`,
    sql`${sql.placeholder('rounds')}::int4[]`,
  ]
  const claims = db.$with('requested', { json: sql<RunJson | null>`"json"`.as('json') }).as(
    sql`select *, ${runJson(sql`"requested"."bounty_id"`)}::json as "json"
        from unnest(${sql.join(arrays, sql`, `)}) with ordinality as "requested" ("bounty_id", "agent_id", "round", "place")`,
  )
  const agents = db.select(agentColumns).from(agent).where(isRegistered).as('agent')
  const claimEvents = db
    .select({
      bountyId: runEvent.bountyId,
      agentId: runEvent.agentId,
      round: runEvent.ordinal,
      transactionHash: runEvent.transactionHash,
      blockNumber: runEvent.blockNumber,
    })
    .from(runEvent)
    .where(eq(runEvent.name, 'BountyClaimed'))
    .as('claim')
  return db
    .with(snapshot, claims)
    .select()
    .from(snapshot)
    .innerJoin(claims, sql`true`)
    .leftJoin(agents, eq(agents.id, requested.agentId))
    .leftJoin(
      claimEvents,
      and(
        eq(claimEvents.bountyId, requested.bountyId),
        eq(claimEvents.agentId, requested.agentId),
        eq(claimEvents.round, requested.round),
      ),
    )
    .orderBy(requested.place)
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
