import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'
import { servedBuild, switchViews } from './views.ts'

/** Milliseconds between two tries. */
const PAUSE = 50

/** Milliseconds after a failure of the database. */
const LONG_PAUSE = 1_000

type Options = { databaseUrl: string; build: string; viewsSchema: string; logger: Logger }

/** Switches readers to this build once it has caught up with what they see, however long that takes. */
export async function takeOver({ databaseUrl, build, viewsSchema, logger }: Options): Promise<void> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1, application_name: 'runline_views' })
  pool.on('error', (err) => logger.warn({ err }, 'The connection that switches readers broke'))
  for (;;) {
    try {
      const client = await pool.connect()
      try {
        const served = await servedBuild(client, viewsSchema)
        if (served === build) break
        if (await switchViews(client, { build, served, viewsSchema })) {
          logger.info({ schema: build, replaced: served, viewsSchema }, 'Readers see this build')
          break
        }
      } finally {
        client.release()
      }
      await sleep(PAUSE)
    } catch (err) {
      logger.warn({ err }, 'Cannot tell whether this build has caught up')
      await sleep(LONG_PAUSE)
    }
  }
  await pool.end()
}
