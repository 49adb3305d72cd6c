import type pg from 'pg'
import type { Logger } from 'pino'
import type { PublicClient } from 'viem'
import { createDeadBlockWatch } from '../../../core/database/deadBlockWatch.ts'
import type { FinalizedBlock } from '../../../core/database/finalizedBlocks.ts'
import { repeat } from '../../../core/repeat.ts'

const CHECK_INTERVAL_MS = 1_000

type Queries = Pick<pg.Pool, 'query'>

type Options = { client: PublicClient; chainId: number; pool: Queries; logger: Logger }

export type OrphanedIndex = ReturnType<typeof watchForOrphan>

/** Checks once a second whether a reorg removed a block that Ponder counts as finalized. Then no row may be served. */
export function watchForOrphan({ client, chainId, pool, logger }: Options) {
  let dead: FinalizedBlock | undefined
  const findDead = createDeadBlockWatch({ pool, chain: client, chainId, readPosition: () => readHash(pool) })

  async function check() {
    try {
      const found = await findDead()
      if (found?.hash !== dead?.hash)
        logger.warn(
          { block: Number(found?.number ?? 0), hash: found?.hash },
          found ? ORPHANED : 'The index is repaired',
        )
      dead = found
    } catch (err) {
      // What was found last stays true: node or database do not answer, which readiness reports.
      logger.debug({ err }, 'Cannot tell whether the chain has the finalized blocks')
    }
  }

  return {
    /** Why no row may be served, in a sentence; undefined if rows may be. */
    reason: () => dead && `A reorg removed finalized block ${dead.number}: the index has to be rebuilt.`,
    stop: repeat(CHECK_INTERVAL_MS, check),
  }
}

/** The hash of the index's latest block; undefined while there is none. */
async function readHash(pool: Queries): Promise<string | undefined> {
  const { rows: views } = await pool.query("SELECT to_regclass('head') AS head")
  if (views[0].head === null) return undefined
  const { rows } = await pool.query<{ hash: string }>('SELECT hash FROM head')
  return rows[0]?.hash
}

const ORPHANED = 'A reorg removed a finalized block: reads answer 503 until the index is rebuilt'
