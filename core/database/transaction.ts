import type pg from 'pg'

/**
 * Runs `work` in one transaction on a connection of the pool, and rolls it back if `work` throws. If the connection
 * breaks during COMMIT, the transaction may be committed although this throws: `work` must be safe to repeat.
 */
export async function inTransactionOf<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect()
  let failure: Error | undefined
  try {
    await client.query('BEGIN')
    const result = await work(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch((cause) => {
      failure = cause
    })
    throw error
  } finally {
    // The pool closes a connection that could not roll back.
    client.release(failure)
  }
}
