// `npm run supervise:indexer`: keeps an indexer running where no orchestrator does. It restarts the indexer, with
// exponential backoff, when the indexer asks for it (exit code 75), is killed, or stalls. Exit code 1 means that the
// indexer cannot run with its configuration, and ends this process with the same code. `-- --redeploy` replaces another
// build, as redeploy:indexer does.
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { createChainClient } from '../src/api/chainClient.ts'
import { readEnv } from '../src/api/env.ts'
import { createLogger } from '../src/api/observability/logger.ts'
import { supervise } from './supervision/supervise.ts'
import { watchHead } from './supervision/watchHead.ts'

const { DATABASE_URL, DATABASE_SCHEMA, RPC_URL, STALL_SECONDS, LOG_LEVEL } = readEnv([
  'DATABASE_URL',
  'DATABASE_SCHEMA',
  'RPC_URL',
  'STALL_SECONDS',
  'LOG_LEVEL',
])
const logger = createLogger({ level: LOG_LEVEL, rpcUrl: RPC_URL })
const client = createChainClient(RPC_URL)
const pool = new pg.Pool({
  connectionString: DATABASE_URL,
  max: 1,
  connectionTimeoutMillis: 3_000,
  query_timeout: 3_000,
  options: `-c search_path=${DATABASE_SCHEMA}`,
})
pool.on('error', (err) => logger.warn({ err }, 'The connection that watches the index broke'))

const supervisor = supervise({
  command: process.execPath,
  args: [fileURLToPath(new URL('startIndexer.ts', import.meta.url)), ...process.argv.slice(2)],
  logger,
})
const watch = watchHead({
  readChain: () => client.getBlockNumber({ cacheTime: 0 }),
  readProgress,
  onStall: supervisor.restart,
  stallTimeout: 1_000 * STALL_SECONDS,
  logger,
})
// `on`, not `once`: a Ctrl-C in a terminal arrives twice, once through npm.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, supervisor.stop)

process.exitCode = await supervisor.ended
await watch.stop()
await pool.end()

/** Undefined during the first backfill, when there are no views yet. */
async function readProgress() {
  const { rows: views } = await pool.query(`SELECT to_regclass('head') AS head`)
  if (views[0].head === null) return undefined
  const { rows } = await pool.query<{ block: string; mark: string }>(
    `SELECT number AS block, hash || latest_checkpoint AS mark FROM head JOIN _ponder_checkpoint USING (chain_id)`,
  )
  return rows[0] && { block: BigInt(rows[0].block), mark: rows[0].mark }
}
