// The thread that watches the index. It has an event loop of its own, so it works while Ponder's is blocked.
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import pg from 'pg'
import { findDeadBlock } from '../../src/api/database/finalizedBlocks.ts'
import { createChainClient } from '../../src/api/node/chainClient.ts'
import { createEndpoints } from '../../src/api/node/endpoints.ts'
import { createLogger } from '../../src/api/observability/logger.ts'
import type { StallWatch } from './endAtStall.ts'
import { untilStalled } from './untilStalled.ts'

/** Longer than Ponder's shutdown, which gives up after 5 seconds. */
const GRACE_MS = 10_000

const FLUSH_MS = 250

/** Milliseconds between two looks for a reorg deeper than finality. */
const ORPHAN_INTERVAL_MS = 1_000

const { databaseUrl, rpcUrls, chainId, schema, stallSeconds, level } = workerData as StallWatch
const logger = createLogger({ level, rpcUrls })
const client = createChainClient(createEndpoints({ rpcUrls, chainId, logger }), { http: { retryCount: 0 } })
const pool = new pg.Pool({
  connectionString: databaseUrl,
  max: 1,
  connectionTimeoutMillis: 3_000,
  query_timeout: 3_000,
})
// PgBouncer does not accept a search path at the start of a session.
const [head, checkpoint] = ['head', '_ponder_checkpoint'].map((table) => `${pg.escapeIdentifier(schema)}.${table}`)
pool.on('error', (err) => logger.warn({ err }, 'The connection that watches the index broke'))

const stalled = untilStalled({
  readChain: () => client.getBlockNumber({ cacheTime: 0 }),
  readProgress,
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
  for (; ; await sleep(ORPHAN_INTERVAL_MS)) {
    try {
      const dead = await findDeadBlock(pool, client, chainId)
      if (!dead) continue
      logger.fatal({ block: Number(dead.number), hash: dead.hash }, 'A reorg removed a finalized block')
      return
    } catch (err) {
      logger.warn({ err }, 'Cannot tell whether the chain has the finalized blocks')
    }
  }
}

/** Undefined until the first blocks are indexed. */
async function readProgress() {
  const { rows: tables } = await pool.query('SELECT to_regclass($1) AS head', [head])
  if (tables[0].head === null) return undefined
  const { rows } = await pool.query<{ block: string; mark: string }>(
    `SELECT number AS block, hash || latest_checkpoint AS mark FROM ${head} JOIN ${checkpoint} USING (chain_id)`,
  )
  return rows[0] && { block: BigInt(rows[0].block), mark: rows[0].mark }
}
