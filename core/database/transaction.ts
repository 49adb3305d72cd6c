import type pg from 'pg'
import { isReadOnly } from './failures.ts'

/**
 * Runs `work` in one transaction of the connection, and rolls it back if `work` throws. If the connection breaks during
 * COMMIT, the transaction may be committed although this throws: `work` must be safe to repeat.
 * @param begin the statement that opens the transaction.
 * @param inDoubt throws the error for a COMMIT that failed; its own if absent.
 */
export async function inTransaction<Result>(
  client: pg.ClientBase,
  work: () => Promise<Result>,
  begin = 'BEGIN',
  inDoubt: (error: unknown) => never = rethrow,
): Promise<Result> {
  try {
    await client.query(begin)
    const result = await work()
    await client.query('COMMIT').catch(inDoubt)
    return result
  } catch (error) {
    const isOver = await client.query('ROLLBACK').then(
      () => true,
      () => false,
    )
    // It is not used again: its pool removes a client that ends. Every client has `end`, unlike this type.
    if (!isOver || isReadOnly(error)) void (client as pg.Client).end()
    throw error
  }
}

/** `inTransaction` on a connection of the pool. */
export async function inTransactionOf<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
  inDoubt?: (error: unknown) => never,
): Promise<Result> {
  const client = await pool.connect()
  // Without a listener, a connection that breaks while in use would end the process. The statement reports the error.
  const ignore = () => undefined
  client.on('error', ignore)
  try {
    return await inTransaction(client, () => work(client), 'BEGIN', inDoubt)
  } finally {
    client.off('error', ignore)
    client.release()
  }
}

function rethrow(error: unknown): never {
  throw error
}
