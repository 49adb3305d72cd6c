import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'
import { createDeadBlockWatch } from '../../core/database/deadBlockWatch.ts'
import { backfillAnswers } from '../../core/node/backfillAnswers.ts'
import { createChainClient } from '../../core/node/chainClient.ts'
import type { Endpoints } from '../../core/node/endpoints.ts'
import { exitForRestart, RESTART } from '../database/restart.ts'
import { readCheckpoint } from './checkpoint.ts'
import { untilStalled } from './untilStalled.ts'

type StallWatch = {
  databaseUrl: string
  endpoints: Endpoints
  chainId: number
  /** The schema of the build's tables. */
  schema: string
  /** How long the index may be behind the chain without progress. */
  stallSeconds: number
  logger: Logger
}

/** Longer than Ponder's shutdown, which gives up after 5 seconds. */
const GRACE_MS = 10_000

/** Milliseconds between two looks for a reorg deeper than finality. */
const ORPHAN_INTERVAL_MS = 1_000

/**
 * Ends this process, in an orderly way and with the exit code that asks for a restart, when the index stops following
 * the chain, or when a reorg removed a finalized block: Ponder would retry for ten minutes.
 */
export async function endAtStall({ databaseUrl, endpoints, chainId, schema, stallSeconds, logger }: StallWatch) {
  let answers = 0
  backfillAnswers.subscribe(() => answers++)
  const chain = createChainClient(endpoints, { http: { retryCount: 0 } })
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    application_name: 'runline_stall',
    // One for each check, so that a slow one does not blind the other.
    max: 2,
    connectionTimeoutMillis: 3_000,
    query_timeout: 3_000,
  })
  pool.on('error', (err) => logger.warn({ err }, 'The connection that watches the index broke'))
  const stalled = untilStalled({
    readChain: () => chain.getBlockNumber({ cacheTime: 0 }),
    readCheckpoint: () => readCheckpoint(pool, schema),
    countAnswers: () => answers,
    stallTimeout: 1_000 * stallSeconds,
    logger,
  })
  await Promise.race([stalled, untilOrphaned()])
  process.once('exit', () => {
    process.exitCode = RESTART
  })
  process.emit('SIGINT', 'SIGINT')
  await sleep(GRACE_MS, undefined, { ref: false })
  exitForRestart(logger, 'Ponder does not end')

  /** Resolves when the chain no longer has a block that Ponder counts as finalized. */
  async function untilOrphaned() {
    const readPosition = async () => (await readCheckpoint(pool, schema))?.mark
    const findDead = createDeadBlockWatch({ pool, chain, chainId, readPosition })
    for (; ; await sleep(ORPHAN_INTERVAL_MS)) {
      try {
        const dead = await findDead()
        if (!dead) continue
        logger.fatal({ block: Number(dead.number), hash: dead.hash }, 'A reorg removed a finalized block')
        return
      } catch (err) {
        logger.warn({ err }, 'Cannot tell whether the chain has the finalized blocks')
      }
    }
  }
}
