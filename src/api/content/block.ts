import type pg from 'pg'

/**
 * Takes content down: it is deleted, and refused if it is posted again.
 * @returns whether it was stored.
 */
export async function blockContent(client: pg.ClientBase, cid: string): Promise<boolean> {
  await client.query('BEGIN')
  // As a post does, so that neither waits for the other's lock.
  await client.query('SELECT FROM content.total FOR UPDATE')
  await client.query('INSERT INTO content.blocked (cid) VALUES ($1) ON CONFLICT (cid) DO NOTHING', [cid])
  const { rows } = await client.query<{ charge: number }>('DELETE FROM content.item WHERE cid = $1 RETURNING charge', [
    cid,
  ])
  await client.query('UPDATE content.total SET charge = charge - $1', [rows[0]?.charge ?? 0])
  await client.query('COMMIT')
  return rows.length > 0
}

/**
 * Lets the content be posted again. It does not bring it back.
 * @returns whether it was blocked.
 */
export async function unblockContent(client: pg.ClientBase, cid: string): Promise<boolean> {
  const { rowCount } = await client.query('DELETE FROM content.blocked WHERE cid = $1', [cid])
  return rowCount === 1
}
