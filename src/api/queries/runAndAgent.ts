import { and, eq, sql } from 'drizzle-orm'
import { agent, run } from '../../../ponder.schema.ts'
import { type AgentRow, agentColumns, isRegistered } from './agents.ts'
import { isRun, type RunRow, runColumns } from './runs.ts'
import type { SnapshotQuery } from './snapshot.ts'

/** A run and an agent at one block: what a claim is judged and answered by. Null where there is none. */
export function runAndAgent(
  bountyId: bigint,
  agentId: bigint,
): SnapshotQuery<{ run: RunRow | null; agent: AgentRow | null }> {
  return async (db, snapshot) => {
    const theRun = db.select(runColumns).from(run).where(isRun(bountyId)).as('run')
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
