import { sql } from 'drizzle-orm'
import { runEvent } from '../../../ponder.schema.ts'
import { createBatchedRead } from './batchedReads.ts'
import type { IndexReader } from './indexReader.ts'
import { type RunJson, runJson, storableId } from './runs.ts'
import { type SnapshotQuery, snapshotQuery } from './snapshot.ts'

/** A transaction that did something with a run. */
type ActedRunName = { bountyId: bigint; txHash: string }

/** `blockNumber`: the block in which the transaction did so; null if the index does not show it. */
type ActedRun = { run: RunJson | null; blockNumber: bigint | null }

const findActedRuns = snapshotQuery('acted runs', (db, snapshot) => {
  const block = sql`(select max(${runEvent.blockNumber}) from ${runEvent}
    where ${runEvent.bountyId} = "requested"."bounty_id" and ${runEvent.transactionHash} = "requested"."hash")`
  const requested = db
    .$with('requested', {
      json: sql<RunJson | null>`"json"`.as('json'),
      block: sql<string | null>`"block"::text`.as('block'),
    })
    .as(
      sql`select *, ${runJson(sql`"requested"."bounty_id"`)}::json as "json", ${block} as "block"
        from unnest(${sql.placeholder('bountyIds')}::int8[], ${sql.placeholder('hashes')}::text[])
          with ordinality as "requested" ("bounty_id", "hash", "place")`,
    )
  return db
    .with(snapshot, requested)
    .select()
    .from(snapshot)
    .innerJoin(requested, sql`true`)
    .orderBy(sql`"requested"."place"`)
})

/** Reads the runs, and the blocks of the transactions, all at one block. */
function actedRuns(names: readonly ActedRunName[]): SnapshotQuery<ActedRun[]> {
  const values = {
    bountyIds: names.map(({ bountyId }) => String(storableId(bountyId))),
    hashes: names.map(({ txHash }) => txHash),
  }
  return findActedRuns(values, (_, rows) =>
    rows.map(({ requested: { json, block } }) => ({
      run: json,
      blockNumber: block === null ? null : BigInt(block),
    })),
  )
}

export type ReadActedRun = ReturnType<typeof createActedRunReader>

/** Creates a function that reads a run with a transaction. Concurrent calls share a statement. */
export function createActedRunReader(index: IndexReader) {
  const read = createBatchedRead(index, actedRuns)

  /**
   * @param reach the block to wait for, until the signal aborts.
   * @throws Problem INDEX_BEHIND if the index cannot be read.
   */
  return async (name: ActedRunName, reach?: { block: bigint; signal: AbortSignal }) => {
    if (reach) await index.head.until(({ number }) => number >= reach.block, reach.signal)
    return read(name)
  }
}
