import type pg from 'pg'

/** More than a segment of PostgreSQL's log takes, and than the blocks of two minutes. */
const PAGES = 4_096
const ROWS_PER_PAGE = 4

/** Writes 32 MB, which no log has, and removes it. @throws PostgreSQL's error if its disk has less. */
export async function assertFreeDisk(client: pg.ClientBase): Promise<void> {
  await client.query(
    `CREATE TEMPORARY TABLE free_disk AS SELECT repeat('0', 1900) FROM generate_series(1, ${PAGES * ROWS_PER_PAGE})`,
  )
  await client.query('DROP TABLE free_disk')
}
