import { and, asc, getTableColumns, gte, lt, max, sql } from 'drizzle-orm'
import { agent, run } from '../../ponder.schema.ts'
import { agentStatus } from '../../src/api/queries/agents.ts'
import { type SnapshotQuery, snapshotQuery } from '../../src/api/queries/snapshot.ts'

type Run = typeof run.$inferSelect
type Agent = typeof agent.$inferSelect & { status: string }

const listRuns = snapshotQuery('audited runs', (db, snapshot) => {
  const greatest = db.$with('greatest').as(db.select({ id: max(run.bountyId).as('id') }).from(run))
  const slice = db
    .select()
    .from(run)
    .where(and(gte(run.bountyId, sql.placeholder('from')), lt(run.bountyId, sql.placeholder('to'))))
    .as('run')
  return db.with(snapshot, greatest).select().from(snapshot).innerJoin(greatest, sql`true`).leftJoin(slice, sql`true`)
})

/** The runs whose ids are from `from` to below `to`, and the greatest id of any run; 0 if there is none. */
export function runsBetween(from: bigint, to: bigint): SnapshotQuery<{ runs: Run[]; last: bigint }> {
  return listRuns({ from, to }, ({ greatest }, rows) => ({
    runs: rows.flatMap(({ run }) => run ?? []),
    last: greatest.id ?? 0n,
  }))
}

const listAgents = snapshotQuery('audited agents', (db, snapshot) => {
  const slice = db
    .select({ ...getTableColumns(agent), status: agentStatus.as('status') })
    .from(agent)
    .where(gte(agent.id, sql.placeholder('from')))
    .orderBy(asc(agent.id))
    .limit(sql.placeholder('limit'))
    .as('agent')
  return db.with(snapshot).select().from(snapshot).leftJoin(slice, sql`true`).orderBy(asc(slice.id))
})

/** The first `limit` agents by id from `from` on, of any id that an event named, with their place on the ladder. */
export function agentsFrom(from: bigint, limit: number): SnapshotQuery<Agent[]> {
  return listAgents({ from, limit }, (_, rows) => rows.flatMap(({ agent }) => agent ?? []))
}
