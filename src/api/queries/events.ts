import { asc, count, eq, getTableColumns } from 'drizzle-orm'
import { runEvent } from '../../../ponder.schema.ts'
import type { Tx } from '../index/reader.ts'
import type { Page } from './agents.ts'
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
