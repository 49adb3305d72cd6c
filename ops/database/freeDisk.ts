import type pg from 'pg'
import { inTransaction } from '../../core/database/transaction.ts'

/** More than a segment of PostgreSQL's log takes, and than the blocks of two minutes. */
const ROWS = 16_384
const ROW_BYTES = 2_000

/**
 * Sorts 32 MB in a temporary file. A temporary table would leave rows in PostgreSQL's own tables, at each start on a full disk.
 * @throws PostgreSQL's error if its disk has less.
 */
export async function assertFreeDisk(client: pg.ClientBase): Promise<void> {
  const sort = `SELECT FROM (
    SELECT lpad(n::text, ${ROW_BYTES}) AS row FROM generate_series(1, ${ROWS}) AS n ORDER BY row OFFSET ${ROWS}
  ) AS sorted`
  await inTransaction(client, () => client.query(sort), "BEGIN READ ONLY; SET LOCAL work_mem = '64kB'")
}
