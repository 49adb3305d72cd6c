import { withConnection } from './withConnection.ts'

/** A database that does not answer for so long is left to those that use it. */
const TIMEOUT_MS = 2_000

/** PostgreSQL accepts any name with a dot, without permission. */
const PROBE = 'runline.session'

/** The SQLSTATE of PgBouncer for a startup parameter that it neither passes on nor ignores. */
const PROTOCOL_VIOLATION = '08P01'

/**
 * Refuses a pooler, such as PgBouncer, that does not pass on what a connection sets when it opens. Through it, reads would
 * run without their `search_path`, timeouts and planner settings.
 * @param setting the name of the variable that has the URL.
 * @throws an error that says what to change. A database that does not answer is no reason for it.
 */
export async function refusePooler(setting: string, url: string): Promise<void> {
  const config = { connectionString: url, options: `-c ${PROBE}=kept` }
  const isPooled = await withConnection(config, TIMEOUT_MS, async (client) => {
    const { rows } = await client.query('SELECT current_setting($1, true) AS probe', [PROBE])
    return rows[0].probe !== 'kept'
  }).catch((error) => error.code === PROTOCOL_VIOLATION)
  if (isPooled)
    throw new Error(
      `${setting} leads to a pooler that does not pass on settings of a connection, such as PgBouncer: set the address of PostgreSQL itself`,
    )
}
