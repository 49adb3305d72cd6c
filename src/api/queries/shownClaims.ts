import { and, eq, sql } from 'drizzle-orm'
import { runEvent } from '../../../ponder.schema.ts'
import { storableId } from './runs.ts'
import { type SnapshotQuery, snapshotQuery } from './snapshot.ts'

/** A successful claim that the index shows. */
export type ShownClaim = Pick<
  typeof runEvent.$inferSelect,
  'bountyId' | 'agentId' | 'address' | 'ordinal' | 'transactionHash' | 'blockNumber'
>

const findShown = snapshotQuery('shown claims', (db, snapshot) => {
  const claim = db
    .select({
      bountyId: runEvent.bountyId,
      agentId: runEvent.agentId,
      address: runEvent.address,
      ordinal: runEvent.ordinal,
      transactionHash: runEvent.transactionHash,
      blockNumber: runEvent.blockNumber,
    })
    .from(runEvent)
    .where(
      and(sql`${runEvent.bountyId} = ANY(${sql.placeholder('bountyIds')}::int8[])`, eq(runEvent.name, 'BountyClaimed')),
    )
    .as('claim')
  return db.with(snapshot).select().from(snapshot).leftJoin(claim, sql`true`)
})

/** Reads all successful claims of these runs, also of earlier rounds. */
export function shownClaims(bountyIds: bigint[]): SnapshotQuery<ShownClaim[]> {
  const values = { bountyIds: bountyIds.map((id) => String(storableId(id))) }
  return findShown(values, (_, rows) => rows.flatMap(({ claim }) => claim ?? []))
}
