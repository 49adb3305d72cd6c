import { sql } from 'drizzle-orm'
import { agent, run } from '../../../ponder.schema.ts'
import { type AgentRow, agentColumns, isAgent } from './agents.ts'
import { isBounty, type RunRow, runColumns, storableId } from './runs.ts'
import { type SnapshotQuery, snapshotQuery } from './snapshot.ts'

/** A member is null if there is no such run or agent. */
export type RunAndAgent = { run: RunRow | null; agent: AgentRow | null }

const findRunAndAgent = snapshotQuery('run and agent', (db, snapshot) => {
  const runs = db.select(runColumns).from(run).where(isBounty).as('run')
  const agents = db.select(agentColumns).from(agent).where(isAgent).as('agent')
  return db.with(snapshot).select().from(snapshot).leftJoin(runs, sql`true`).leftJoin(agents, sql`true`)
})

/** Reads a run and an agent at one block. */
export function runAndAgent(bountyId: bigint, agentId: bigint): SnapshotQuery<RunAndAgent> {
  return findRunAndAgent({ bountyId: storableId(bountyId), agentId }, ({ run, agent }) => ({ run, agent }))
}
