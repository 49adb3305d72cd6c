// The thread that watches the index. It has an event loop of its own, so it works while Ponder's is blocked.
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import pg from 'pg'
import { createDeadBlockWatch } from '../../core/database/deadBlockWatch.ts'
import { createLogger } from '../../core/logger.ts'
import { createChainClient } from '../../core/node/chainClient.ts'
import { createEndpoints } from '../../core/node/endpoints.ts'
import { readCheckpoint } from './checkpoint.ts'
import type { WatchData } from './endAtStall.ts'
import { untilStalled } from './untilStalled.ts'

/** Longer than Ponder's shutdown, which gives up after 5 seconds. */
const GRACE_MS = 10_000

const FLUSH_MS = 250

/** Milliseconds between two looks for a reorg deeper than finality. */
const ORPHAN_INTERVAL_MS = 1_000

const { databaseUrl, rpcUrls, chainId, schema, stallSeconds, level, answers } = workerData as WatchData
const logger = createLogger({ level, rpcUrls })
const client = createChainClient(createEndpoints({ rpcUrls, chainId, logger }), { http: { retryCount: 0 } })
const pool = new pg.Pool({
  connectionString: databaseUrl,
  // One for each check, so that a slow one does not blind the other.
  max: 2,
  connectionTimeoutMillis: 3_000,
  query_timeout: 3_000,
})
pool.on('error', (err) => logger.warn({ err }, 'The connection that watches the index broke'))

const stalled = untilStalled({
  readChain: () => client.getBlockNumber({ cacheTime: 0 }),
  readCheckpoint: () => readCheckpoint(pool, schema),
  countAnswers: () => Atomics.load(answers, 0),
  stallTimeout: 1_000 * stallSeconds,
  logger,
})
await Promise.race([stalled, untilOrphaned()])
parentPort?.postMessage('stalled')
await sleep(GRACE_MS)
logger.fatal('The indexer does not end: killing it')
// Lets the reader of the log have the line before the pipe breaks.
await sleep(FLUSH_MS)
process.kill(process.pid, 'SIGKILL')

/** Resolves when the chain no longer has a block that Ponder counts as finalized. Ponder would retry for ten minutes. */
async function untilOrphaned() {
  const readPosition = async () => (await readCheckpoint(pool, schema))?.mark
  const findDead = createDeadBlockWatch({ pool, chain: client, chainId, readPosition })
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
