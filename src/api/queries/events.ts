import { and, asc, count, eq, getTableColumns, sql } from 'drizzle-orm'
import type { Requester } from '../../../core/fairLane.ts'
import { run, runEvent } from '../../../ponder.schema.ts'
import type { IndexReader } from './indexReader.ts'
import { NEAR_ROWS, type PageReader } from './pageReader.ts'
import { isBounty, storableId } from './runs.ts'
import { type Page, type SnapshotQuery, type SnapshotResult, snapshotQuery } from './snapshot.ts'

export type EventRow = typeof runEvent.$inferSelect

const listEvents = snapshotQuery('events', (db, snapshot) => {
  const runs = db.select({ bountyId: run.bountyId }).from(run).where(isBounty).as('run')
  const ofRun = eq(runEvent.bountyId, sql.placeholder('bountyId'))
  const counted = db
    .select({ id: runEvent.id })
    .from(runEvent)
    .where(ofRun)
    .limit(sql.placeholder('most'))
    .as('counted')
  const matches = db.$with('matches').as(db.select({ total: count().as('total') }).from(counted))
  // It does not depend on the row, so PostgreSQL checks it once, and a page past the end skips no rows.
  const isWithin = sql`(select "total" from "matches") > ${sql.placeholder('offset')}::int8`
  // The index has the ids, so that the events that precede the page are not read from the table.
  const found = db
    .select({ foundId: sql<string>`${runEvent.id}`.as('found_id') })
    .from(runEvent)
    .where(and(ofRun, isWithin))
    .orderBy(asc(runEvent.id))
    .limit(sql.placeholder('limit'))
    .offset(sql.placeholder('offset'))
    .as('found')
  const slice = db
    .select(getTableColumns(runEvent))
    .from(found)
    .innerJoin(runEvent, eq(runEvent.id, found.foundId))
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

/** One page of the run's events in chain order, and the number of its events; null if there is no such run. */
type EventPage = { events: EventRow[]; total: number } | null

/** @param most How many events are counted at most. */
function eventPage(bountyId: bigint, page: Page, most: number): SnapshotQuery<EventPage> {
  return listEvents({ bountyId: storableId(bountyId), ...page, most }, ({ run, matches }, rows) => {
    const events = rows.flatMap(({ event }) => event ?? [])
    return run && { events, total: matches.total }
  })
}

/**
 * Creates a function that reads pages of a run's events. There are pages because the number of events is unbounded: any
 * account can cause `ClaimRefused` events for the price of a transaction. So the events of a run with many are counted
 * as expensive pages are read, a few at a time, and the clients take turns.
 */
export function createEventReader(index: IndexReader, readPage: PageReader) {
  /** @throws Problem as `createPageReader`. */
  return async (bountyId: bigint, page: Page, requester: Requester, minBlock?: bigint) => {
    const near: SnapshotResult<EventPage> = await index.read(eventPage(bountyId, page, NEAR_ROWS + 1), minBlock)
    if (near.data === null || near.data.total <= NEAR_ROWS) return near
    const query = eventPage(bountyId, page, Number.MAX_SAFE_INTEGER)
    return readPage({ query, isExpensive: true }, requester, minBlock)
  }
}
