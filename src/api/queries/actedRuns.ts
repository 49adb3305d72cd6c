import { and, inArray, max } from 'drizzle-orm'
import { runEvent } from '../../../ponder.schema.ts'
import type { IndexReader, Tx } from '../index/reader.ts'
import type { Snapshot } from '../index/snapshot.ts'
import { createBatchedRead } from './batchedReads.ts'
import { type RunRow, runsById } from './runs.ts'

/** A transaction that did something with a run. */
type ActedRunName = { bountyId: bigint; txHash: string }

/** `blockNumber`: the block in which the transaction did so; null if the index does not show it. */
type ActedRun = { run: RunRow | null; blockNumber: bigint | null }

/** Reads the runs, and the blocks of the transactions. */
async function actedRuns(tx: Tx, _: Snapshot, names: readonly ActedRunName[]): Promise<ActedRun[]> {
  const runs = await runsById(
    tx,
    names.map(({ bountyId }) => bountyId),
  )
  const { bountyId, transactionHash, blockNumber } = runEvent
  const shown =
    runs.size === 0
      ? []
      : await tx
          .select({ bountyId, transactionHash, blockNumber: max(blockNumber) })
          .from(runEvent)
          .where(
            and(
              inArray(bountyId, [...runs.keys()]),
              inArray(
                transactionHash,
                names.map(({ txHash }) => txHash as `0x${string}`),
              ),
            ),
          )
          .groupBy(bountyId, transactionHash)
  return names.map((name) => ({
    run: runs.get(name.bountyId) ?? null,
    blockNumber:
      shown.find((one) => one.bountyId === name.bountyId && one.transactionHash === name.txHash)?.blockNumber ?? null,
  }))
}

/** Creates a function that reads a run with a transaction. Concurrent calls share a transaction. */
export const createActedRunReader = (index: IndexReader) => createBatchedRead(index, actedRuns)
