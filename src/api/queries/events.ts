import { and, asc, count, eq, getTableColumns, sql } from 'drizzle-orm'
import { run, runEvent } from '../../../ponder.schema.ts'
import { isBounty, storableId } from './runs.ts'
import { type Page, type SnapshotQuery, snapshotQuery } from './snapshot.ts'

export type EventRow = typeof runEvent.$inferSelect

const listEvents = snapshotQuery('events', (db, snapshot) => {
  const runs = db.select({ bountyId: run.bountyId }).from(run).where(isBounty).as('run')
  const ofRun = eq(runEvent.bountyId, sql.placeholder('bountyId'))
  const matches = db.$with('matches').as(
    db
      .select({ total: count().as('total') })
      .from(runEvent)
      .where(ofRun),
  )
  // It does not depend on the row, so PostgreSQL checks it once, and a page past the end skips no rows.
  const isWithin = sql`(select "total" from "matches") > ${sql.placeholder('offset')}::int8`
  const slice = db
    .select(getTableColumns(runEvent))
    .from(runEvent)
    .where(and(ofRun, isWithin))
    .orderBy(asc(runEvent.id))
    .limit(sql.placeholder('limit'))
    .offset(sql.placeholder('offset'))
    .as('event')
  return db
    .with(snapshot, matches)
    .select()
    .from(snapshot)
    .innerJoin(matches, sql`true`)
    .leftJoin(runs, sql`true`)
    .leftJoin(slice, sql`true`)
    .orderBy(asc(slice.id))
})

/**
 * One page of the run's events in chain order, and the number of its events; null if there is no such run. There are
 * pages because the number is unbounded: any account can cause `ClaimRefused` events for the price of a transaction.
 */
export function eventPage(bountyId: bigint, page: Page): SnapshotQuery<{ events: EventRow[]; total: number } | null> {
  return listEvents({ bountyId: storableId(bountyId), ...page }, ({ run, matches }, rows) => {
    const events = rows.flatMap(({ event }) => event ?? [])
    return run && { events, total: matches.total }
  })
}
