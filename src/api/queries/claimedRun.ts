import { and, eq, sql } from 'drizzle-orm'
import { agent, run, runEvent } from '../../../ponder.schema.ts'
import { type AgentRow, agentColumns, isRegistered } from './agents.ts'
import { isBounty, type RunRow, runColumns } from './runs.ts'
import type { SnapshotQuery } from './snapshot.ts'

/** Where the chain holds a claim. */
export type ClaimEvent = { transactionHash: string; blockNumber: bigint }

/** A run, an agent, and the agent's claim of the run in a round, at one block. Null where there is none. */
export function claimedRun(
  bountyId: bigint,
  agentId: bigint,
  round: bigint,
): SnapshotQuery<{ run: RunRow | null; agent: AgentRow | null; claim: ClaimEvent | null }> {
  return async (db, snapshot) => {
    const theRun = db.select(runColumns).from(run).where(isBounty(run.bountyId, bountyId)).as('run')
    const theAgent = db
      .select(agentColumns)
      .from(agent)
      .where(and(eq(agent.id, agentId), isRegistered))
      .as('agent')
    const theClaim = db
      .select({ transactionHash: runEvent.transactionHash, blockNumber: runEvent.blockNumber })
      .from(runEvent)
      .where(
        and(
          isBounty(runEvent.bountyId, bountyId),
          eq(runEvent.name, 'BountyClaimed'),
          eq(runEvent.agentId, agentId),
          eq(runEvent.ordinal, Number(round)),
        ),
      )
      .as('claim')
    const [row] = await db
      .with(snapshot)
      .select()
      .from(snapshot)
      .leftJoin(theRun, sql`true`)
      .leftJoin(theAgent, sql`true`)
      .leftJoin(theClaim, sql`true`)
    return row && { snapshot: row.snapshot, data: { run: row.run, agent: row.agent, claim: row.claim } }
  }
}
