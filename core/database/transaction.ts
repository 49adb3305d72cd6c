import type pg from 'pg'
import { isReadOnly } from './failures.ts'

/**
 * Runs `work` in one transaction on a connection of the pool, and rolls it back if `work` throws. If the connection
 * breaks during COMMIT, the transaction may be committed although this throws: `work` must be safe to repeat.
 * @param inDoubt throws the error for a COMMIT that failed; its own if absent.
 */
export async function inTransactionOf<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
  inDoubt: (error: unknown) => never = rethrow,
): Promise<Result> {
  const client = await pool.connect()
  // Without a listener, a connection that breaks while in use would end the process. The statement reports the error.
  const ignore = () => undefined
  client.on('error', ignore)
  let broken: Error | undefined
  try {
    await client.query('BEGIN')
    const result = await work(client)
    await client.query('COMMIT').catch(inDoubt)
    return result
  } catch (error) {
    // A read-only connection is not used again. `pool.query` closes its connection after any failure.
    if (isReadOnly(error)) broken = error
    await client.query('ROLLBACK').catch((cause) => {
      broken = cause
    })
    throw error
  } finally {
    client.off('error', ignore)
    client.release(broken)
  }
}

function rethrow(error: unknown): never {
  throw error
}
