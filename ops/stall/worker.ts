// The thread that watches the index. It has an event loop of its own, so it works while Ponder's is blocked.
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import pg from 'pg'
import { createChainClient } from '../../src/api/chainClient.ts'
import { createLogger } from '../../src/api/observability/logger.ts'
import type { StallWatch } from './endAtStall.ts'
import { untilStalled } from './untilStalled.ts'

/** Longer than Ponder's shutdown, which gives up after 5 seconds. */
const GRACE_MS = 10_000

const FLUSH_MS = 250

const { databaseUrl, rpcUrl, schema, stallSeconds, level } = workerData as StallWatch
const logger = createLogger({ level, rpcUrl })
const client = createChainClient(rpcUrl)
const pool = new pg.Pool({
  connectionString: databaseUrl,
  max: 1,
  connectionTimeoutMillis: 3_000,
  query_timeout: 3_000,
  options: `-c search_path=${schema}`,
})
pool.on('error', (err) => logger.warn({ err }, 'The connection that watches the index broke'))

await untilStalled({
  readChain: () => client.getBlockNumber({ cacheTime: 0 }),
  readProgress,
  stallTimeout: 1_000 * stallSeconds,
  logger,
})
parentPort?.postMessage('stalled')
await sleep(GRACE_MS)
logger.fatal('The indexer does not end: killing it')
// Lets the reader of the log have the line before the pipe breaks.
await sleep(FLUSH_MS)
process.kill(process.pid, 'SIGKILL')

/** Undefined until the first blocks are indexed. */
async function readProgress() {
  const { rows: tables } = await pool.query(`SELECT to_regclass('head') AS head`)
  if (tables[0].head === null) return undefined
  const { rows } = await pool.query<{ block: string; mark: string }>(
    `SELECT number AS block, hash || latest_checkpoint AS mark FROM head JOIN _ponder_checkpoint USING (chain_id)`,
  )
  return rows[0] && { block: BigInt(rows[0].block), mark: rows[0].mark }
}
