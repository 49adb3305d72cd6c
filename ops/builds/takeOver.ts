import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'
import { followBlocks } from './followBlocks.ts'
import { createIndexes } from './indexes.ts'
import { setStorage } from './storage.ts'
import { hasCaughtUp, servedBuild, switchViews } from './views.ts'

/** Milliseconds between two looks at what readers see. */
const POLL_MS = 100

/** The same while readers see this build: then only a switch to another build is to be noticed. */
const SERVING_POLL_MS = 1_000

/** Milliseconds to the next try after a database error. */
const ERROR_DELAY_MS = 1_000

type Options = {
  databaseUrl: string
  build: string
  viewsSchema: string
  /** The build that readers saw when this process was allowed to start. Another one may take over during the start. */
  servedAtStart: string | undefined
  /** Called when readers see this build. May be called again. */
  onCaughtUp: () => void
  logger: Logger
}

/**
 * Switches readers to this build once it has caught up with the one that they see. It ends when another build takes over:
 * the later deployment counts.
 */
export async function takeOver({
  databaseUrl,
  build,
  viewsSchema,
  servedAtStart,
  onCaughtUp,
  logger,
}: Options): Promise<void> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1, application_name: 'runline_views' })
  pool.on('error', (err) => logger.warn({ err }, 'The connection that switches readers broke'))
  let hasIndexes = false
  /** Also for a build that an earlier version has made, and that readers see. */
  let hasStorage = false
  let last = servedAtStart

  /** @returns the build that took over, if one did. */
  async function step(client: pg.ClientBase): Promise<string | undefined> {
    const served = await servedBuild(client, viewsSchema)
    if (served !== undefined && last !== undefined && served !== last && served !== build) return served
    last = served ?? last
    if (served === build) {
      onCaughtUp()
      if (!hasStorage) await setStorage(client, build)
      hasStorage = true
      return undefined
    }
    const change = { build, served, viewsSchema }
    if (!hasIndexes) {
      if (!(await hasCaughtUp(client, change))) return undefined
      await createIndexes(client, build)
      await setStorage(client, build)
      hasStorage = true
      await followBlocks(client, build, viewsSchema)
      hasIndexes = true
    }
    if (!(await switchViews(client, change))) return undefined
    last = build
    onCaughtUp()
    logger.info({ schema: build, replaced: served, viewsSchema }, 'Readers see this build')
    return undefined
  }

  let newer: string | undefined
  while (newer === undefined) {
    try {
      const client = await pool.connect()
      try {
        newer = await step(client)
      } finally {
        client.release()
      }
      await sleep(last === build ? SERVING_POLL_MS : POLL_MS)
    } catch (err) {
      logger.warn({ err }, 'Cannot tell whether this build has caught up')
      await sleep(ERROR_DELAY_MS)
    }
  }
  logger.warn({ schema: build, served: newer }, 'Another build took over: readers do not see this one. Stop it')
  await pool.end()
}
