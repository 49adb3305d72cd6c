import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'
import { WITNESS_TABLE } from '../database/witness.ts'
import { isUnlocked } from './buildLock.ts'
import { siblingOf } from './builds.ts'
import { servedBuild } from './views.ts'

/** How long the sibling may take to start, and then to take over. The index does not advance in the meantime. */
const START_LIMIT_MS = 5_000
const TAKEOVER_LIMIT_MS = 15_000

const POLL_MS = 100

/**
 * A crash of PostgreSQL ends both indexers of a build, and a restart rewinds the tables of each. So the one that readers
 * see waits before that: readers get answers from its tables until the sibling has caught up and takes over. The sibling
 * does so because this process does not have the lock of its build yet.
 */
export async function letSiblingServe(client: pg.Client, build: string, viewsSchema: string, logger: Logger) {
  if (!(await isAfterCrash(client, build))) return
  const sibling = siblingOf(build)
  const startedAt = performance.now()
  while ((await servedBuild(client, viewsSchema)) === build) {
    const limit = (await isUnlocked(client, sibling)) ? START_LIMIT_MS : TAKEOVER_LIMIT_MS
    if (performance.now() - startedAt > limit) {
      logger.warn({ schema: build, sibling }, 'The other indexer does not take over: continuing without it')
      return
    }
    await sleep(POLL_MS)
  }
}

/** Whether PostgreSQL has crashed since an indexer of this build ran, and the build has a sibling. */
async function isAfterCrash(client: pg.Client, build: string): Promise<boolean> {
  const witness = `${pg.escapeIdentifier(build)}.${WITNESS_TABLE}`
  const { rows } = await client.query<{ both: boolean }>(
    'SELECT to_regclass($1) IS NOT NULL AND to_regclass($2) IS NOT NULL AS both',
    [witness, `${pg.escapeIdentifier(siblingOf(build))}.head`],
  )
  return rows[0]?.both === true && (await client.query(`SELECT FROM ${witness} LIMIT 1`)).rowCount === 0
}
