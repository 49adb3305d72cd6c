import { sql } from 'drizzle-orm'
import { agent, run } from '../../../ponder.schema.ts'
import { type AgentRow, agentColumns, isAgent } from './agents.ts'
import { isBounty, type RunRow, runColumns, storableId } from './runs.ts'
import { type SnapshotQuery, snapshotQuery } from './snapshot.ts'

/** Null where there is none. */
export type RunAndAgent = { run: RunRow | null; agent: AgentRow | null }

const findRunAndAgent = snapshotQuery('run and agent', (db, snapshot) => {
  const theRun = db.select(runColumns).from(run).where(isBounty).as('run')
  const theAgent = db.select(agentColumns).from(agent).where(isAgent).as('agent')
  return db.with(snapshot).select().from(snapshot).leftJoin(theRun, sql`true`).leftJoin(theAgent, sql`true`)
})

/** A run and an agent at one block: what a claim is judged and answered by. */
export function runAndAgent(bountyId: bigint, agentId: bigint): SnapshotQuery<RunAndAgent> {
  return findRunAndAgent({ bountyId: storableId(bountyId), agentId }, ({ run, agent }) => ({ run, agent }))
}
