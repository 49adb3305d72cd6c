import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Logger } from 'pino'
import { withConnection } from './withConnection.ts'

/** The pause between checks of which server the address leads to, and how long each step of a check may take. */
const CHECK_INTERVAL_MS = 5_000
const CHECK_TIMEOUT_MS = 2_000

/** Behind a load balancer each check may reach another server, so connections are replaced at most this often. */
const REPLACE_INTERVAL_MS = 60_000

type Options = {
  url: string
  logger: Logger
  /** Creates what another server lacks: a standby may lack the last commits. It is repeated until it succeeds. */
  prepare?: (() => Promise<unknown>) | undefined
  checkIntervalMs?: number
}

/**
 * Replaces the pool's connections when new connections reach another server than before. Without this, a connection
 * could stay at a former primary, whose rows grow old.
 *
 * Queries that run on an old connection complete. It is closed after them.
 */
export function followFailover(
  pool: pg.Pool,
  { url, logger, prepare = async () => undefined, checkIntervalMs = CHECK_INTERVAL_MS }: Options,
) {
  const clients = new Set<pg.PoolClient>()
  const outdated = new WeakSet<pg.PoolClient>()
  pool.on('connect', (client) => clients.add(client))
  pool.on('remove', (client) => clients.delete(client))
  // A pool removes a client that has ended.
  pool.on('release', (_, client) => {
    if (outdated.has(client)) void client.end()
  })

  let server: string | undefined
  let replacedAt = Number.NEGATIVE_INFINITY
  /** The first server is prepared by the owner of the pool. */
  let isPrepared = true

  async function replaceOutdated() {
    const reached = await serverAt(url)
    server ??= reached
    if (reached === server || performance.now() - replacedAt < REPLACE_INTERVAL_MS) return
    logger.warn({ before: server, now: reached }, 'The database URL leads to another server: replacing the connections')
    server = reached
    replacedAt = performance.now()
    isPrepared = false
    for (const client of clients) outdated.add(client)
    // Idle connections are released only after a use.
    await Promise.all(Array.from({ length: pool.idleCount }, async () => (await pool.connect()).release()))
  }

  async function check() {
    await replaceOutdated()
    if (isPrepared) return
    await prepare()
    isPrepared = true
  }

  async function follow() {
    while (!pool.ending) {
      await check().catch((err) =>
        logger.warn({ err }, 'Cannot check which server the database URL leads to, or use it; trying again soon'),
      )
      await sleep(checkIntervalMs, undefined, { ref: false })
    }
  }

  void follow()
}

/** Which server a new connection reaches, by the start of its process: any role may read it. */
function serverAt(connectionString: string): Promise<string> {
  const config = { connectionString, application_name: 'runline_failover_check' }
  return withConnection(config, CHECK_TIMEOUT_MS, async (client) => {
    const { rows } = await client.query('SELECT pg_postmaster_start_time()::text AS started')
    return rows[0].started
  })
}
