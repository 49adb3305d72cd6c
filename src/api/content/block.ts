import type pg from 'pg'
import { inTransaction } from '../../../core/database/transaction.ts'
import { lockCid } from './post.ts'

/** Who posted content first, and who last, as the limits identify clients. */
type Posters = { first: string | null; last: string | null }

/**
 * Takes content down: it is deleted, and refused if it is posted again.
 * @returns who posted it; undefined if it was not stored.
 */
export function blockContent(client: pg.ClientBase, cid: string): Promise<Posters | undefined> {
  return inTransaction(client, async () => {
    await lockCid(client, cid)
    const { rows } = await client.query<Posters & { charge: number }>(
      'DELETE FROM content.item WHERE cid = $1 RETURNING charge, first_client AS first, client AS last',
      [cid],
    )
    const [deleted] = rows
    await client.query('INSERT INTO content.blocked (cid) VALUES ($1) ON CONFLICT (cid) DO NOTHING', [cid])
    await client.query('UPDATE content.total SET charge = charge - $1', [deleted?.charge ?? 0])
    return deleted && { first: deleted.first, last: deleted.last }
  })
}

/**
 * Lets the content be posted again. It does not bring it back.
 * @returns whether it was blocked.
 */
export async function unblockContent(client: pg.ClientBase, cid: string): Promise<boolean> {
  const { rowCount } = await client.query('DELETE FROM content.blocked WHERE cid = $1', [cid])
  return rowCount === 1
}
