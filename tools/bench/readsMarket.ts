import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { pino } from 'pino'
import { createApp } from '../../src/api/app.ts'
import { openReadPool } from '../../src/api/database/readPool.ts'
import { IndexReader } from '../../src/api/queries/indexReader.ts'
import { createStreams } from '../../src/api/stream/streams.ts'
import { startIndexApi } from '../../test/support/indexApi.ts'
import { chainId, indexedDatabaseAt, tablesSchema, viewsSchema } from '../../test/support/indexedTables.ts'
import { manyBriefs } from '../../test/support/manyBriefs.ts'
import { expiredRuns, manyRuns } from '../../test/support/manyRuns.ts'
import { placeholderDeployment } from '../../test/support/placeholderDeployment.ts'
import { temporaryDirectory } from '../../test/support/temporaryDirectory.ts'
import { youngGenerationFlag } from '../devnet/api.ts'
import { startProcess } from '../devnet/managedProcess.ts'
import type { Postgres } from '../devnet/postgres.ts'
import { changeRuns, countsOf } from './livingTables.ts'
import { openWithAnyReward } from './readsMix.ts'

/** High enough that each request can name another `minBlock`: another URL misses the answer cache. */
const head = 1_000_000_000n

/** How many of the runs are OPEN, past their deadline and newer than all others: they would fill lists of claimable runs. */
const EXPIRED_SHARE = 0.2

export type ReadsMarket = Awaited<ReturnType<typeof startReadsMarket>>

/** Starts the production API and the bare server on a database with `runs` runs. */
export async function startReadsMarket(postgres: Postgres, runs: number) {
  await using parts = new AsyncDisposableStack()
  const databaseUrl = await postgres.createDatabase()
  const index = indexedDatabaseAt(databaseUrl)
  parts.defer(index.close)
  const now = BigInt(Math.floor(Date.now() / 1_000))
  const expired = Math.floor(EXPIRED_SHARE * runs)
  const others = runs - expired
  await index.create(manyRuns(others, now), expiredRuns(expired, now, others + 1))
  await index.db.execute(manyBriefs())
  await index.pool.query('VACUUM ANALYZE content.item, content.brief, content.brief_words')
  await index.moveTo({ number: head, timestamp: now })
  // `changeRuns` asks what autovacuum knows of this session's load.
  await index.pool.query('SELECT pg_stat_force_next_flush()')
  await changeAll(databaseUrl)

  const deployments = await temporaryDirectory()
  parts.defer(deployments.remove)
  const startAnotherApi = () => startIndexApi(databaseUrl, { TRUST_PROXY: '1' })
  const api = await startAnotherApi()
  parts.defer(api.stop)
  const bare = await startBare(`${deployments.path}/bare.json`, {
    url: databaseUrl,
    schema: viewsSchema,
    ...(await statementsOf(databaseUrl)),
    constant: await listOf(api.url),
  })
  parts.defer(bare.stop)
  const { rows } = await index.pool.query<{ huge_pages_status: string }>('SHOW huge_pages_status')
  const kept = parts.move()
  return {
    startAnotherApi,
    /** Whether PostgreSQL's shared memory is in huge pages: it takes them if the machine has enough. */
    hugePages: rows[0]?.huge_pages_status,
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

async function changeAll(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await changeRuns(client, { table: `${tablesSchema}.run`, id: 'bounty_id', counts: countsOf(tablesSchema) })
  } finally {
    await client.end()
  }
}

/** @param path of a file for what it serves, which is too long for an environment variable. */
async function startBare(path: string, bare: object) {
  await writeFile(path, JSON.stringify(bare))
  const part = await startProcess({
    name: 'The bare server',
    command: process.execPath,
    args: [youngGenerationFlag, fileURLToPath(new URL('bareServer.ts', import.meta.url))],
    env: { BARE: path },
  })
  const [, port] = await part.saw(/listens on (\d+)/, 20_000)
  return { url: `http://127.0.0.1:${port}`, pid: part.pid, stop: part.stop }
}

/** How many filtered lists the bare server knows. */
export const FILTERED_LISTS = 1_000

/** The statements that the API sends for its lists and for a run, recorded at the API's own pool. */
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
  const filteredLists = Array.from({ length: FILTERED_LISTS }, (_, n) => `/api/runs?${openWithAnyReward(n)}`)
  for (const path of ['/api/runs', `/api/runs/${id}`, ...filteredLists]) await app.request(path)
  await pool.end()
  const [list, run, ...filtered] = sent.filter(({ name }) => name.startsWith('runs '))
  const [one] = filtered
  if (!list || !run || !one || filtered.length !== FILTERED_LISTS || filtered.some(({ text }) => text !== one.text))
    throw new Error(`The API sent other statements than expected: ${[...new Set(sent.map(({ name }) => name))]}`)
  const texts = (values: unknown[], array: (value: unknown[]) => unknown) =>
    values.map((value) => (Array.isArray(value) ? array(value) : String(value)))
  return {
    list: { ...list, values: texts(list.values, (value) => value) },
    run: { ...run, values: texts(run.values, () => 'ids') },
    filtered: {
      name: one.name,
      text: one.text,
      valuesOf: filtered.map(({ values }) => texts(values, (value) => value)),
    },
  }
}
