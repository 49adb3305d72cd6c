import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'
import { createIndexes } from './indexes.ts'
import { hasCaughtUp, servedBuild, switchViews } from './views.ts'

/** Milliseconds between two tries. */
const POLL_MS = 50

/** Milliseconds to the next try after a database error. */
const ERROR_DELAY_MS = 1_000

type Options = { databaseUrl: string; build: string; viewsSchema: string; logger: Logger }

/**
 * Waits, without a timeout, until this build has caught up with the one that readers see, and switches them to it. It
 * gives up if another build takes over first: the later deployment counts.
 */
export async function takeOver({ databaseUrl, build, viewsSchema, logger }: Options): Promise<void> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1, application_name: 'runline_views' })
  pool.on('error', (err) => logger.warn({ err }, 'The connection that switches readers broke'))
  let hasIndexes = false
  let replaced: string | undefined
  for (;;) {
    try {
      const client = await pool.connect()
      try {
        const served = await servedBuild(client, viewsSchema)
        if (served === build) break
        if (replaced !== undefined && served !== undefined && served !== replaced) {
          logger.warn({ schema: build, served }, 'Another build took over first: readers do not see this one')
          break
        }
        replaced = served
        const change = { build, served, viewsSchema }
        if (!hasIndexes && (await hasCaughtUp(client, change))) {
          await createIndexes(client, build)
          hasIndexes = true
        }
        if (hasIndexes && (await switchViews(client, change))) {
          logger.info({ schema: build, replaced: served, viewsSchema }, 'Readers see this build')
          break
        }
      } finally {
        client.release()
      }
      await sleep(POLL_MS)
    } catch (err) {
      logger.warn({ err }, 'Cannot tell whether this build has caught up')
      await sleep(ERROR_DELAY_MS)
    }
  }
  await pool.end()
}
