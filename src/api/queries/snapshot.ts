import { eq, sql } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import { bigint, pgTable, varchar } from 'drizzle-orm/pg-core'
import type { Hex } from 'viem'
import { head } from '../../../ponder.schema.ts'

/** What queries need of a database: drizzle over the indexer's tables. */
export type Database = Pick<NodePgDatabase, 'select' | '$with' | 'with'>

/** Ponder's own record of how far it has come, one row per chain. It is not part of ponder.schema.ts. */
const checkpoint = pgTable('_ponder_checkpoint', {
  chainId: bigint('chain_id', { mode: 'number' }).notNull(),
  latestCheckpoint: varchar('latest_checkpoint', { length: 75 }).notNull(),
})

/** Within a checkpoint, 10 digits of timestamp and 16 of chain id come before the 16 of the block number. */
const checkpointBlock = sql<bigint>`substring(${checkpoint.latestCheckpoint} from 27 for 16)::int8`.mapWith(BigInt)

/**
 * The CTE `snapshot`: one row, or none while no block is indexed. A query selects from it and left-joins what it
 * reads, so that rows, head and checkpoint come from one statement and thus from one state of the database.
 * @param clock This machine's time, in seconds.
 */
export function snapshotOf(db: Database, chainId: number, clock: number) {
  return db.$with('snapshot').as(
    db
      .select({
        number: head.number,
        hash: head.hash,
        timestamp: head.timestamp,
        checkpoint: checkpointBlock.as('checkpoint'),
        now: sql<bigint>`greatest(${head.timestamp}, ${clock}::int8)`.mapWith(BigInt).as('now'),
      })
      .from(head)
      .innerJoin(checkpoint, eq(checkpoint.chainId, head.chainId))
      .where(eq(head.chainId, chainId)),
  )
}

type SnapshotCte = ReturnType<typeof snapshotOf>

/**
 * The block an answer is true at, and its time. `now`, in seconds, is the later of the block's timestamp and the
 * clock: the earliest at which a transaction can still run. `checkpoint` is the block that Ponder says it is at.
 */
export type Snapshot = { number: bigint; hash: Hex; timestamp: bigint; checkpoint: bigint; now: bigint }

/** The CTE's `now` for other subqueries of the same statement: evaluated once, so that an index can serve it. */
export const now = sql<bigint>`(select "now" from "snapshot")`

/**
 * One SQL statement over the CTE `snapshot`. Undefined if the CTE has no row.
 * Whether the snapshot may be served is not its concern.
 */
export type SnapshotQuery<T> = (
  db: Database,
  snapshot: SnapshotCte,
) => Promise<{ snapshot: Snapshot; data: T } | undefined>

/** Reads nothing but the snapshot itself. */
export const snapshotOnly: SnapshotQuery<null> = async (db, snapshot) => {
  const [row] = await db.with(snapshot).select().from(snapshot)
  return row && { snapshot: row, data: null }
}
