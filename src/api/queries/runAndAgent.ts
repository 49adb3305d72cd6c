import { and, eq, sql } from 'drizzle-orm'
import { agent, run } from '../../../ponder.schema.ts'
import { type AgentRow, agentColumns, isRegistered } from './agents.ts'
import { isBounty, type RunRow, runColumns } from './runs.ts'
import type { SnapshotQuery } from './snapshot.ts'

/** Null where there is none. */
export type RunAndAgent = { run: RunRow | null; agent: AgentRow | null }

/** A run and an agent at one block: what a claim is judged and answered by. */
export function runAndAgent(bountyId: bigint, agentId: bigint): SnapshotQuery<RunAndAgent> {
  return async (db, snapshot) => {
    const theRun = db.select(runColumns).from(run).where(isBounty(run.bountyId, bountyId)).as('run')
    const theAgent = db
      .select(agentColumns)
      .from(agent)
      .where(and(eq(agent.id, agentId), isRegistered))
      .as('agent')
    const [row] = await db
      .with(snapshot)
      .select()
      .from(snapshot)
      .leftJoin(theRun, sql`true`)
      .leftJoin(theAgent, sql`true`)
    return row && { snapshot: row.snapshot, data: { run: row.run, agent: row.agent } }
  }
}
