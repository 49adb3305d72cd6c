import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { drizzle } from 'drizzle-orm/node-postgres'
import type { Pool } from 'pg'
import { pino } from 'pino'
import { startApi, youngGenerationFlag } from '../devnet/api.ts'
import { startProcess } from '../devnet/managedProcess.ts'
import type { Postgres } from '../devnet/postgres.ts'
import { writeDeployment } from '../ops/writeDeployment.ts'
import { createApp } from '../src/api/app.ts'
import { openReadPool } from '../src/api/database/readPool.ts'
import { IndexReader } from '../src/api/queries/indexReader.ts'
import { createStreams } from '../src/api/stream/streams.ts'
import { chainId, indexedDatabaseAt, viewsSchema } from '../testkit/indexedTables.ts'
import { manyRuns } from '../testkit/manyRuns.ts'
import { placeholderDeployment } from '../testkit/placeholderDeployment.ts'
import { temporaryDirectory } from '../testkit/temporaryDirectory.ts'

/** High enough that each request can name another `minBlock`: another URL misses the answer cache. */
const head = 1_000_000_000n

export type ReadsMarket = Awaited<ReturnType<typeof startReadsMarket>>

/** Starts the production API and the bare server on a database with `runs` runs. */
export async function startReadsMarket(postgres: Postgres, runs: number) {
  await using parts = new AsyncDisposableStack()
  const databaseUrl = await postgres.createDatabase()
  const index = indexedDatabaseAt(databaseUrl)
  parts.defer(index.close)
  const now = BigInt(Math.floor(Date.now() / 1_000))
  await index.create(manyRuns(runs, now))
  await index.moveTo({ number: head, timestamp: now })
  await index.pool.query('VACUUM ANALYZE')

  const deployments = await temporaryDirectory()
  parts.defer(deployments.remove)
  writeDeployment(placeholderDeployment(chainId), deployments.path)
  // The API never calls the chain: without a relayer's key there are no claims.
  const startAnotherApi = () =>
    startApi({
      databaseUrl,
      schema: viewsSchema,
      chainId,
      rpcUrl: 'http://127.0.0.1:1',
      deploymentsDirectory: deployments.path,
      env: { TRUST_PROXY: '1' },
    })
  const api = await startAnotherApi()
  parts.defer(api.stop)
  const bare = await startBare({
    url: databaseUrl,
    schema: viewsSchema,
    ...(await statementsOf(databaseUrl)),
    constant: await listOf(api.url),
  })
  parts.defer(bare.stop)
  const kept = parts.move()
  return {
    startAnotherApi,
    statements: () => statementCount(index.pool),
    api,
    bare,
    /** The processes whose CPU use limits a figure. */
    pids: { API: api.part.pid, 'bare server': bare.pid, PostgreSQL: postgres.part.pid },
    stop: () => kept.disposeAsync(),
  }
}

/** Headers that an HTTP server adds itself. */
const OF_THE_SERVER = ['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding']

/** The body and the headers with which the API answers its list. */
async function listOf(url: string) {
  const response = await fetch(`${url}/api/runs`)
  const headers = [...response.headers].filter(([name]) => !OF_THE_SERVER.includes(name))
  return { body: await response.text(), headers: Object.fromEntries(headers) }
}

/** How many statements the database has run: each of the API's is a transaction of its own. */
async function statementCount(pool: Pool) {
  // A connection reports its last transactions once it has been idle for ten seconds.
  await sleep(11_000)
  const { rows } = await pool.query(
    'SELECT xact_commit AS count FROM pg_stat_database WHERE datname = current_database()',
  )
  return Number(rows[0].count)
}

async function startBare(bare: object) {
  const part = await startProcess({
    name: 'The bare server',
    command: process.execPath,
    args: [youngGenerationFlag, fileURLToPath(new URL('bareServer.ts', import.meta.url))],
    env: { BARE: JSON.stringify(bare) },
  })
  const [, port] = await part.saw(/listens on (\d+)/, 20_000)
  return { url: `http://127.0.0.1:${port}`, pid: part.pid, stop: part.stop }
}

/** The statements that the API sends for its list and for a run, recorded at the API's own pool. */
async function statementsOf(url: string) {
  const logger = pino({ level: 'silent' })
  const pool = openReadPool({ url, schema: viewsSchema, logger })
  const sent: { name: string; text: string; values: unknown[] }[] = []
  const query = pool.query.bind(pool)
  Object.assign(pool, {
    query(config: { name: string; text: string }, values: unknown[]) {
      sent.push({ name: config.name, text: config.text, values })
      return query(config, values)
    },
  })
  const index = new IndexReader(drizzle(pool, { casing: 'snake_case' }), chainId)
  const streams = createStreams({ index, chainId, logger })
  const app = createApp({ index, logger, deployment: placeholderDeployment(chainId), streams })
  const id = '123'
  for (const path of ['/api/runs', `/api/runs/${id}`]) await app.request(path)
  await pool.end()
  const [list, run] = sent.filter(({ name }) => name !== 'snapshot')
  if (!list || !run)
    throw new Error(`The API sent other statements than expected: ${sent.map(({ name }) => name).join(', ')}`)
  const texts = (values: unknown[], array: (value: unknown[]) => unknown) =>
    values.map((value) => (Array.isArray(value) ? array(value) : String(value)))
  return {
    list: { ...list, values: texts(list.values, (value) => value) },
    run: { ...run, values: texts(run.values, () => 'ids') },
  }
}
