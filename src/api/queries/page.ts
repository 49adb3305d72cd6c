import { count, type SQL, sql } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import type { Database } from './snapshot.ts'

/** A slice of an ordered list. */
export type Page = { limit: number; offset: number }

/** The CTE `matches`: the number of rows that meet the condition, counted one by one. */
export function countMatches(db: Database, table: PgTable, condition: SQL | undefined) {
  return db.$with('matches').as(
    db
      .select({ total: count().as('total') })
      .from(table)
      .where(condition),
  )
}

/**
 * Whether the page's offset is within the list. It does not depend on the row, so PostgreSQL checks it once, and a page
 * past the end skips no rows.
 */
export const isWithin: SQL = sql`(select "total" from "matches") > ${sql.placeholder('offset')}::int8`
