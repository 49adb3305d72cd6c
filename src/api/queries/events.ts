import { and, asc, count, desc, eq, getTableColumns } from 'drizzle-orm'
import { runEvent } from '../../../ponder.schema.ts'
import type { Tx } from '../index/reader.ts'
import type { Page } from './agents.ts'
import { changesRun } from './changes.ts'
import { runById } from './runs.ts'

export type EventRow = typeof runEvent.$inferSelect

/**
 * Reads a page of the run's events in chain order, and their number; null if there is no such run. There are pages because any
 * account can cause `ClaimRefused` events for the price of a transaction.
 */
export async function eventPage(tx: Tx, bountyId: bigint, { limit, offset }: Page) {
  if ((await runById(tx, bountyId)) === null) return null
  const ofRun = eq(runEvent.bountyId, bountyId)
  const [counted] = await tx.select({ total: count() }).from(runEvent).where(ofRun)
  // The index has the ids, so that the events that precede the page are not read from the table.
  const page = tx
    .select({ id: runEvent.id })
    .from(runEvent)
    .where(ofRun)
    .orderBy(asc(runEvent.id))
    .limit(limit)
    .offset(offset)
    .as('page')
  const events = await tx
    .select(getTableColumns(runEvent))
    .from(page)
    .innerJoin(runEvent, eq(runEvent.id, page.id))
    .orderBy(asc(page.id))
  return { events, total: counted?.total ?? 0 }
}

/** A claim has at most its beginning, four deliveries, three requests, a closing and its end; some more follow its end. */
const MOST_OF_CLAIM = 16

/** The events of the run's last claim that changed it, the newest first, among those before: refused claims displace none. */
export const lastChanges = (tx: Tx, bountyId: bigint): Promise<EventRow[]> =>
  tx
    .select(getTableColumns(runEvent))
    .from(runEvent)
    .where(and(eq(runEvent.bountyId, bountyId), changesRun))
    .orderBy(desc(runEvent.id))
    .limit(MOST_OF_CLAIM)
