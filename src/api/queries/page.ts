import { count, type SQL, sql } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import type { Database } from './snapshot.ts'

/** A slice of an ordered list. */
export type Page = { limit: number; offset: number }

/** The CTE `matches`: how many rows of the table match, counted one by one. */
export function countMatches(db: Database, table: PgTable, condition: SQL | undefined) {
  return db.$with('matches').as(
    db
      .select({ total: count().as('total') })
      .from(table)
      .where(condition),
  )
}

/**
 * Whether there are matches at the page's offset. It does not depend on the row, so PostgreSQL checks it once, and a
 * page far past the end costs no walk over all the rows before it.
 */
export const isWithin: SQL = sql`(select "total" from "matches") > ${sql.placeholder('offset')}::int8`
