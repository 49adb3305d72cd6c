import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { reuseResult } from '../../../core/reuseResult.ts'
import {
  type Applicant,
  type Application,
  type ApplyResult,
  storeApplication,
  withdrawApplication,
} from './applications.ts'
import type { MediaType } from './checkContent.ts'
import { openContentPools, REQUEST_TIMEOUT_MS } from './database.ts'
import { migrateContent, OtherChain } from './migrations.ts'
import { type Posted, type PostLimits, type PostResult, post } from './post.ts'
import { startRetention } from './retention.ts'

/** The pause between attempts to create the tables, while the database does not answer. */
const MIGRATION_INTERVAL_MS = 1_000

export type StoredContent = { mediaType: MediaType; bytes: Uint8Array<ArrayBuffer> }

export type ContentStore = ReturnType<typeof openContentStore>

type Options = {
  /** Of the primary. */
  url: string
  chainId: number
  /** The schema of the index, whose runs and agents name what is kept. */
  indexSchema: string
  limits: PostLimits
  logger: Logger
}

/**
 * Opens the store of content in schema `content`, which it creates. While the database cannot be used, the methods throw
 * its errors, and the next call tries again.
 */
export function openContentStore({ url, chainId, indexSchema, limits, logger }: Options) {
  const { requests, background } = openContentPools(url, chainId, logger)
  const ready = reuseResult(Number.POSITIVE_INFINITY, () => migrateContent(background, chainId))
  const stopping = new AbortController()
  const migrated = migrateSoon(ready, stopping.signal, logger)
  const stopRetention = startRetention({ pool: background, chainId, indexSchema, ready, logger })

  /** A request does not wait for a migration of minutes. @throws the error of a query that takes too long. */
  async function readyInTime() {
    const late = sleep(REQUEST_TIMEOUT_MS, 'late' as const, { ref: false })
    const outcome = await Promise.race([ready(), late])
    if (outcome === 'late') throw new Error('Query read timeout: schema content is not migrated yet')
  }

  return {
    /** Stores the content, unless it is stored already, for a day or as long as a run names it. */
    async post(posted: Posted): Promise<PostResult> {
      await readyInTime()
      return post(requests, posted, limits)
    },

    /** @returns the content; undefined if it is not stored, `blocked` if an operator has taken it down. */
    async read(cid: string): Promise<StoredContent | 'blocked' | undefined> {
      await readyInTime()
      const { rows } = await requests.query<{
        media_type: MediaType | null
        bytes: Buffer<ArrayBuffer>
        blocked: boolean
      }>(
        `SELECT item.media_type, item.bytes, blocked.cid IS NOT NULL AS blocked
         FROM (SELECT $1::text AS cid) AS asked LEFT JOIN content.item USING (cid) LEFT JOIN content.blocked USING (cid)`,
        [cid],
      )
      const [found] = rows
      if (found?.blocked) return 'blocked'
      return found?.media_type ? { mediaType: found.media_type, bytes: found.bytes } : undefined
    },

    /** @param findWeakest chooses the applicant that a full run drops. */
    async apply(
      application: Application,
      findWeakest: (applicants: readonly Applicant[]) => Promise<bigint>,
    ): Promise<ApplyResult> {
      await readyInTime()
      return storeApplication(requests, indexSchema, application, findWeakest)
    },

    /** Deletes the application, if there is one of the wallet. */
    async withdraw(application: Omit<Application, 'note'>): Promise<void> {
      await readyInTime()
      return withdrawApplication(requests, application)
    },

    async close() {
      stopping.abort()
      await Promise.all([stopRetention(), migrated])
      await Promise.all([requests.end(), background.end()])
    },
  }
}

/** Lists of runs need the tables, also where no content is posted. @throws OtherChain, which ends the process. */
async function migrateSoon(ready: () => Promise<void>, stopping: AbortSignal, logger: Logger): Promise<void> {
  while (!stopping.aborted) {
    try {
      return await ready()
    } catch (err) {
      if (err instanceof OtherChain) throw err
      logger.warn({ err }, 'cannot create or migrate schema content')
    }
    await sleep(MIGRATION_INTERVAL_MS, undefined, { signal: stopping }).catch(() => undefined)
  }
}
