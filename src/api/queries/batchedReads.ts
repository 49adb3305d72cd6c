import { and, eq, inArray } from 'drizzle-orm'
import type { Hex } from 'viem'
import { createBatcher } from '../../../core/batcher.ts'
import { runEvent } from '../../../ponder.schema.ts'
import type { IndexReader, ReadResult, Tx } from '../index/reader.ts'
import type { Snapshot } from '../index/snapshot.ts'
import { agentsById } from './agents.ts'
import { runsById, storableIds } from './runs.ts'

/** With two transactions at once, PostgreSQL runs the second while this process answers from the first. */
const CONCURRENCY = 2

/**
 * Creates a function that reads the data of a key. Concurrent calls share a transaction, and so a block: many actions are
 * mined in one block, and all are answered then.
 * @param read reads the data of each key, in the order of the keys.
 * @returns a function of a key, and of a block to wait for until the signal aborts. It throws a Problem INDEX_BEHIND if the index cannot be read.
 */
export function createBatchedRead<Key, Data>(
  index: IndexReader,
  read: (tx: Tx, block: Snapshot, keys: readonly Key[]) => Promise<Data[]>,
) {
  async function readAll(keys: readonly Key[]): Promise<ReadResult<Data>[]> {
    const { snapshot, data } = await index.read(undefined, (tx, block) => read(tx, block, keys))
    return data.map((one) => ({ snapshot, data: one }))
  }
  const readWithOthers = createBatcher(readAll, { concurrency: CONCURRENCY })
  return async (key: Key, reach?: { block: bigint; signal: AbortSignal }): Promise<ReadResult<Data>> => {
    if (reach) await index.head.until(({ number }) => number >= reach.block, reach.signal)
    return readWithOthers(key)
  }
}

/** Identifies a claim. `round` is its number among the claims of the run, from 1, and the ordinal of its event. */
type ClaimName = { bountyId: bigint; agentId: bigint; round: bigint }

/** Creates a function that reads the run, the agent and the event of a claim; each is null if the index does not show it. */
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
 * does not show it.
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
