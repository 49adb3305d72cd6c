import { and, eq, inArray } from 'drizzle-orm'
import type { Hex } from 'viem'
import { runEvent } from '../../../ponder.schema.ts'
import type { IndexReader } from '../index/reader.ts'
import { agentsById } from './agents.ts'
import { createBatchedRead } from './batchedReads.ts'
import { runsById, storableIds } from './runs.ts'

/** Identifies a claim. `round` is its number among the claims of the run, from 1, and the ordinal of its event. */
type ClaimName = { bountyId: bigint; agentId: bigint; round: bigint }

/**
 * Creates a function that reads the run, the agent and the event of a claim; each is null if the index does not show it.
 * Concurrent calls share a transaction.
 */
export const createClaimedRunReader = (index: IndexReader) =>
  createBatchedRead(index, async (tx, { now }, names: readonly ClaimName[]) => {
    const ids = names.map(({ bountyId }) => bountyId)
    const runs = await runsById(tx, ids)
    const agentIds = names.map(({ agentId }) => agentId)
    const agents = await agentsById(tx, now, agentIds)
    const isClaim = and(inArray(runEvent.bountyId, storableIds(ids)), eq(runEvent.name, 'BountyClaimed'))
    const claims = await tx.select().from(runEvent).where(isClaim)
    return names.map(({ bountyId, agentId, round }, place) => {
      const claim = claims.find(
        (one) => one.bountyId === bountyId && one.agentId === agentId && one.ordinal === Number(round),
      )
      return { run: runs.get(bountyId) ?? null, agent: agents[place] ?? null, claim: claim ?? null }
    })
  })

/**
 * Creates a function that reads a run, and the block in which a transaction did something with it; each is null if the index
 * does not show it. Concurrent calls share a transaction of the database.
 */
export const createActedRunReader = (index: IndexReader) =>
  createBatchedRead(index, async (tx, _, names: readonly { bountyId: bigint; txHash: Hex }[]) => {
    const ids = names.map(({ bountyId }) => bountyId)
    const runs = await runsById(tx, ids)
    const hashes = names.map(({ txHash }) => txHash)
    const isOfNames = and(inArray(runEvent.bountyId, [...runs.keys()]), inArray(runEvent.transactionHash, hashes))
    const shown = await tx.select().from(runEvent).where(isOfNames)
    return names.map((name) => {
      const event = shown.find((one) => one.bountyId === name.bountyId && one.transactionHash === name.txHash)
      return { run: runs.get(name.bountyId) ?? null, blockNumber: event?.blockNumber ?? null }
    })
  })
