import { and, asc, getTableColumns, sql } from 'drizzle-orm'
import { run, runEvent } from '../../../ponder.schema.ts'
import { matchesOf, type Page, reaches } from './page.ts'
import { isBounty } from './runs.ts'
import type { SnapshotQuery } from './snapshot.ts'

export type EventRow = typeof runEvent.$inferSelect

/**
 * One page of the run's events in chain order, and how many there are; null if there is no such run. It has pages
 * because anyone may have claims of the run refused, at the price of a transaction, as often as he likes.
 */
export function eventPage(bountyId: bigint, page: Page): SnapshotQuery<{ events: EventRow[]; total: number } | null> {
  return async (db, snapshot) => {
    const theRun = db.select({ bountyId: run.bountyId }).from(run).where(isBounty(run.bountyId, bountyId)).as('run')
    const ofRun = isBounty(runEvent.bountyId, bountyId)
    const matches = matchesOf(db, runEvent, ofRun)
    const slice = db
      .select(getTableColumns(runEvent))
      .from(runEvent)
      .where(and(ofRun, reaches(page)))
      .orderBy(asc(runEvent.id))
      .limit(page.limit)
      .offset(page.offset)
      .as('event')
    const rows = await db
      .with(snapshot, matches)
      .select()
      .from(snapshot)
      .innerJoin(matches, sql`true`)
      .leftJoin(theRun, sql`true`)
      .leftJoin(slice, sql`true`)
      .orderBy(asc(slice.id))
    const [first] = rows
    if (first === undefined) return undefined
    const events = rows.flatMap((row) => row.event ?? [])
    return { snapshot: first.snapshot, data: first.run && { events, total: first.matches.total } }
  }
}
