import { and, eq, sql } from 'drizzle-orm'
import { agent, runEvent } from '../../../ponder.schema.ts'
import { type AgentRow, agentColumns, isRegistered } from './agents.ts'
import type { IndexReader } from './indexReader.ts'
import { readTogether } from './readTogether.ts'
import { type RunJson, runJson, storableId } from './runs.ts'
import { type SnapshotQuery, snapshotQuery } from './snapshot.ts'

/** An agent's claim of a run. `round`: which of the run's claims it is. */
export type ClaimName = { bountyId: bigint; agentId: bigint; round: bigint }

/** Where the chain holds a claim. */
type ClaimEvent = { transactionHash: string; blockNumber: bigint }

/** Null where there is none. */
type ClaimedRun = { run: RunJson | null; agent: AgentRow | null; claim: ClaimEvent | null }

/** The claims that the read asks for, a row for each. */
const asked = {
  bountyId: sql`"asked"."bounty_id"`,
  agentId: sql`"asked"."agent_id"`,
  round: sql`"asked"."round"`,
  place: sql`"asked"."place"`,
}

const findClaimedRuns = snapshotQuery('claimed runs', (db, snapshot) => {
  const arrays = [
    sql`${sql.placeholder('bountyIds')}::int8[]`,
    sql`${sql.placeholder('agentIds')}::numeric[]`,
    sql`${sql.placeholder('rounds')}::int4[]`,
  ]
  const claims = db.$with('asked', { json: sql<RunJson | null>`"json"`.as('json') }).as(
    sql`select *, ${runJson(sql`"asked"."bounty_id"`)} as "json"
        from unnest(${sql.join(arrays, sql`, `)}) with ordinality as "asked" ("bounty_id", "agent_id", "round", "place")`,
  )
  const theAgent = db.select(agentColumns).from(agent).where(isRegistered).as('agent')
  const theClaim = db
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
    .leftJoin(theAgent, eq(theAgent.id, asked.agentId))
    .leftJoin(
      theClaim,
      and(eq(theClaim.bountyId, asked.bountyId), eq(theClaim.agentId, asked.agentId), eq(theClaim.round, asked.round)),
    )
    .orderBy(asked.place)
})

/** For each claim its run, its agent, and where the chain holds it, all at one block. */
function claimedRuns(claims: readonly ClaimName[]): SnapshotQuery<ClaimedRun[]> {
  const values = {
    bountyIds: claims.map(({ bountyId }) => String(storableId(bountyId))),
    agentIds: claims.map(({ agentId }) => String(agentId)),
    rounds: claims.map(({ round }) => Number(round)),
  }
  return findClaimedRuns(values, (_, rows) =>
    rows.map(({ asked, agent, claim }) => ({ run: asked.json, agent, claim })),
  )
}

export type ReadClaimedRun = ReturnType<typeof readsClaimedRuns>

/** Reads claimed runs, those of one moment together. */
export function readsClaimedRuns(index: IndexReader) {
  const read = readTogether(index, claimedRuns)

  /**
   * @param reach the block to wait for until the signal aborts.
   * @throws Problem INDEX_BEHIND if the index cannot be read.
   */
  return async (claim: ClaimName, reach?: { block: bigint; signal: AbortSignal }) => {
    if (reach) await index.head.until(({ number }) => number >= reach.block, reach.signal)
    return read(claim)
  }
}
