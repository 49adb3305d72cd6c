import { and, eq, inArray } from 'drizzle-orm'
import { runEvent } from '../../../ponder.schema.ts'
import type { IndexReader, Tx } from '../index/reader.ts'
import type { Snapshot } from '../index/snapshot.ts'
import { type AgentRow, agentsById } from './agents.ts'
import { createBatchedRead } from './batchedReads.ts'
import { type RunRow, runsById, storableIds } from './runs.ts'

/** Identifies a claim. `round` is its number among the claims of the run, from 1. */
export type ClaimName = { bountyId: bigint; agentId: bigint; round: bigint }

/** The columns of the event of a successful claim. `ordinal` is its round. */
const claimColumns = {
  bountyId: runEvent.bountyId,
  agentId: runEvent.agentId,
  address: runEvent.address,
  ordinal: runEvent.ordinal,
  transactionHash: runEvent.transactionHash,
  blockNumber: runEvent.blockNumber,
}

/** A successful claim that the index shows. */
export type ShownClaim = Pick<typeof runEvent.$inferSelect, keyof typeof claimColumns>

/** A member is null if there is no such run, agent or successful claim. */
type ClaimedRun = { run: RunRow | null; agent: AgentRow | null; claim: ShownClaim | null }

/** Reads all successful claims of these runs, also of earlier rounds. */
export async function shownClaims(tx: Tx, bountyIds: readonly bigint[]): Promise<ShownClaim[]> {
  const ids = storableIds(bountyIds)
  if (ids.length === 0) return []
  const isClaim = and(inArray(runEvent.bountyId, ids), eq(runEvent.name, 'BountyClaimed'))
  return tx.select(claimColumns).from(runEvent).where(isClaim)
}

/** Reads the run, the agent and the event of each claim. */
async function claimedRuns(tx: Tx, { now }: Snapshot, names: readonly ClaimName[]): Promise<ClaimedRun[]> {
  const ids = [...new Set(names.map(({ bountyId }) => bountyId))]
  const agentIds = [...new Set(names.map(({ agentId }) => agentId))]
  const runs = await runsById(tx, ids)
  const agents = new Map((await agentsById(tx, now, agentIds)).map((agent, place) => [agentIds[place], agent]))
  const claims = await shownClaims(tx, ids)
  return names.map(({ bountyId, agentId, round }) => ({
    run: runs.get(bountyId) ?? null,
    agent: agents.get(agentId) ?? null,
    claim:
      claims.find(
        (claim) => claim.bountyId === bountyId && claim.agentId === agentId && claim.ordinal === Number(round),
      ) ?? null,
  }))
}

/** Creates a function that reads a claimed run. Concurrent calls share a transaction. */
export const createClaimedRunReader = (index: IndexReader) => createBatchedRead(index, claimedRuns)

export type ReadClaimedRun = ReturnType<typeof createClaimedRunReader>
