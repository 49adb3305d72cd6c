import { and, asc, getTableColumns, gte, lt, max, sql } from 'drizzle-orm'
import { agent, run } from '../../ponder.schema.ts'
import { agentStatus } from '../../src/api/queries/agents.ts'
import type { SnapshotQuery } from '../../src/api/queries/snapshot.ts'

type Run = typeof run.$inferSelect
type Agent = typeof agent.$inferSelect & { status: string }

/** The runs whose ids are from `from` to below `to`, and the greatest id of any run; 0 if there is none. */
export function runsBetween(from: bigint, to: bigint): SnapshotQuery<{ runs: Run[]; last: bigint }> {
  return async (db, snapshot) => {
    const greatest = db.$with('greatest').as(db.select({ id: max(run.bountyId).as('id') }).from(run))
    const slice = db
      .select()
      .from(run)
      .where(and(gte(run.bountyId, from), lt(run.bountyId, to)))
      .as('run')
    const rows = await db
      .with(snapshot, greatest)
      .select()
      .from(snapshot)
      .innerJoin(greatest, sql`true`)
      .leftJoin(slice, sql`true`)
    const [first] = rows
    return (
      first && {
        snapshot: first.snapshot,
        data: { runs: rows.flatMap((row) => row.run ?? []), last: first.greatest.id ?? 0n },
      }
    )
  }
}

/** The first `limit` agents by id from `from` on, of any id that an event named, with their place on the ladder. */
export function agentsFrom(from: bigint, limit: number): SnapshotQuery<Agent[]> {
  return async (db, snapshot) => {
    const slice = db
      .select({ ...getTableColumns(agent), status: agentStatus.as('status') })
      .from(agent)
      .where(gte(agent.id, from))
      .orderBy(asc(agent.id))
      .limit(limit)
      .as('agent')
    const rows = await db.with(snapshot).select().from(snapshot).leftJoin(slice, sql`true`).orderBy(asc(slice.id))
    const [first] = rows
    return first && { snapshot: first.snapshot, data: rows.flatMap((row) => row.agent ?? []) }
  }
}
