import { and, eq, sql } from 'drizzle-orm'
import { agent, runEvent } from '../../../ponder.schema.ts'
import { type AgentRow, agentColumns, isAgent } from './agents.ts'
import { type RunJson, runAnswer, storableId } from './runs.ts'
import { type SnapshotQuery, snapshotQuery } from './snapshot.ts'

/** Where the chain holds a claim. */
export type ClaimEvent = { transactionHash: string; blockNumber: bigint }

const findClaimedRun = snapshotQuery('claimed run', (db, snapshot) => {
  const theRun = runAnswer(db)
  const theAgent = db.select(agentColumns).from(agent).where(isAgent).as('agent')
  const theClaim = db
    .select({ transactionHash: runEvent.transactionHash, blockNumber: runEvent.blockNumber })
    .from(runEvent)
    .where(
      and(
        eq(runEvent.bountyId, sql.placeholder('bountyId')),
        eq(runEvent.name, 'BountyClaimed'),
        eq(runEvent.agentId, sql.placeholder('agentId')),
        eq(runEvent.ordinal, sql.placeholder('round')),
      ),
    )
    .as('claim')
  return db
    .with(snapshot, theRun)
    .select()
    .from(snapshot)
    .innerJoin(theRun, sql`true`)
    .leftJoin(theAgent, sql`true`)
    .leftJoin(theClaim, sql`true`)
})

/** A run, an agent, and the agent's claim of the run in a round, at one block. Null where there is none. */
export function claimedRun(
  bountyId: bigint,
  agentId: bigint,
  round: bigint,
): SnapshotQuery<{ run: RunJson | null; agent: AgentRow | null; claim: ClaimEvent | null }> {
  const values = { bountyId: storableId(bountyId), agentId, round: Number(round) }
  return findClaimedRun(values, ({ answer, agent, claim }) => ({ run: answer.json, agent, claim }))
}
