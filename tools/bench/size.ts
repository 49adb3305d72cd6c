/**
 * What a market of `BENCH_RUNS` runs takes on disk, how long its indexes take to build, and how long its lists take. The newest
 * `BENCH_BRIEFS` runs have briefs. The rows are made by PostgreSQL; the bytes of events and of Ponder's cache come from a chain of
 * `BENCH_EVENTS` events, and grow with it.
 */

import { connect } from '../../ops/database/connect.ts'
import { startIndexApi } from '../../test/support/indexApi.ts'
import { indexedDatabaseAt, tablesSchema } from '../../test/support/indexedTables.ts'
import { manyBriefs } from '../../test/support/manyBriefs.ts'
import { manyRuns, whale } from '../../test/support/manyRuns.ts'
import { waitForIndex } from '../../test/support/waitForIndex.ts'
import { startIndexer } from '../devnet/indexer.ts'
import { type Postgres, startPostgres } from '../devnet/postgres.ts'
import { eventsOfALife, startBusyChain } from './busyChain.ts'
import type { Measurement } from './figure.ts'
import { load } from './load.ts'
import { anyTag, anyWord, eachTag, openWithAnyReward, withAnyReward } from './readsMix.ts'
import { isQuick, workload } from './workload.ts'

const { runs } = workload
const briefs = Math.min(runs, workload.briefs)
/** A tenth of those of a backfill: the bytes of an event are the same. */
const events = workload.events / 10
const PARTIES = 200

/** High enough that each request can name another `minBlock`: another URL misses the answer cache. */
const head = 1_000_000_000n

/** Ponder ends a statement after this time, also one that waits for an index to be built. */
const PONDER_STATEMENT_TIMEOUT_SECONDS = 120

const BACKFILL_TIMEOUT_MS = 600_000

const settings = { shared_buffers: '1GB', maintenance_work_mem: '1GB', max_wal_size: '8GB' }

export async function measure() {
  await using parts = new AsyncDisposableStack()
  const postgres = await startPostgres({ settings })
  parts.defer(postgres.stop)
  const eventBytes = await bytesOfEvents(postgres)
  console.log(`Loading ${runs} runs`)
  const databaseUrl = await postgres.createDatabase()
  const loaded = await loadRuns(databaseUrl)
  return {
    measurements: [...eventBytes, ...loaded.measurements, ...(await questions(databaseUrl))],
    notes: [
      'A question has another URL in each request, and one client. PostgreSQL has 1 GB of shared_buffers.',
      `${runs} runs, and briefs of the newest ${briefs}, were loaded in ${loaded.seconds.toFixed(0)} s.`,
      ...loaded.notes,
    ],
  }
}

/** The bytes of an event in each schema, after a backfill. */
async function bytesOfEvents(postgres: Postgres): Promise<Measurement[]> {
  const chain = await startBusyChain({ parties: PARTIES, daysAgo: 60 })
  await using _stopped = { [Symbol.asyncDispose]: chain.stop }
  await chain.grow(events / eventsOfALife)
  const databaseUrl = await postgres.createDatabase()
  const indexer = await startIndexer({ ...chain, databaseUrl })
  await waitForIndex(databaseUrl, await chain.client.getBlockNumber(), BACKFILL_TIMEOUT_MS)
  await indexer.stop()
  await using client = await connect(databaseUrl)
  const bytes = async (table: string) =>
    Number(
      (await client.query(`SELECT sum(pg_total_relation_size(oid)) AS bytes FROM pg_class WHERE ${table}`)).rows[0]
        .bytes,
    )
  const { rows } = await client.query(`SELECT count(*)::int AS count FROM runline.run_event`)
  const perLife = (total: number) => total / (rows[0].count / eventsOfALife)
  const cache = await bytes(`relnamespace = 'ponder_sync'::regnamespace AND relkind = 'r'`)
  const log = await bytes(`relname = 'run_event' AND relkind = 'r'`)
  return [
    { figure: `events of a run (${eventsOfALife}), with their indexes`, unit: 'bytes', value: perLife(log) },
    { figure: `Ponder's cache of a run with ${eventsOfALife} events`, unit: 'bytes', value: perLife(cache) },
  ]
}

/** Loads the runs and their briefs, and builds each index again to measure it. */
async function loadRuns(databaseUrl: string) {
  const begin = performance.now()
  const index = indexedDatabaseAt(databaseUrl)
  const now = BigInt(Math.floor(Date.now() / 1_000))
  await index.create(manyRuns(runs, now))
  await index.db.execute(manyBriefs(briefs))
  await index.moveTo({ number: head, timestamp: now })
  await index.close()
  const seconds = (performance.now() - begin) / 1_000
  await using client = await connect(databaseUrl)
  const took = async (statement: string) => {
    const started = performance.now()
    await client.query(statement)
    return (performance.now() - started) / 1_000
  }
  const vacuumed = await took(`VACUUM ANALYZE ${tablesSchema}.run`)
  await client.query('VACUUM ANALYZE')
  const bytesOf = async (size: string) => Number((await client.query(`SELECT ${size} AS bytes`)).rows[0].bytes)
  const table = `'${tablesSchema}.run'`
  const { rows } = await client.query<{ name: string; bytes: string }>(
    `SELECT indexrelid::regclass::text AS name, pg_relation_size(indexrelid) AS bytes FROM pg_index
     WHERE indrelid = ${table}::regclass ORDER BY 2 DESC`,
  )
  const built: { name: string; bytes: number; seconds: number }[] = []
  for (const { name, bytes } of rows) {
    built.push({ name, bytes: Number(bytes), seconds: await took(`REINDEX INDEX ${name}`) })
    console.log(`  ${name}: ${Math.round(Number(bytes) / runs)} bytes a run`)
  }
  const content = await bytesOf(`(SELECT sum(pg_total_relation_size(oid)) FROM pg_class
    WHERE relnamespace = 'content'::regnamespace AND relkind = 'r')`)
  const total = built.reduce((sum, each) => sum + each.seconds, 0)
  const slowest = built.toSorted((a, b) => b.seconds - a.seconds)[0]
  if (!slowest) throw new Error('The runs have no index')
  const measurements: Measurement[] = [
    { figure: 'a run', unit: 'bytes', value: (await bytesOf(`pg_table_size(${table})`)) / runs },
    {
      figure: `its ${built.length} indexes`,
      unit: 'bytes',
      value: (await bytesOf(`pg_indexes_size(${table})`)) / runs,
    },
    { figure: 'its brief of 200 characters, with the words', unit: 'bytes', value: content / briefs },
    { figure: 'all indexes of runs, built one after the other', unit: 's', value: total },
    {
      figure: 'the index that takes longest, which writes wait for',
      unit: 's',
      value: slowest.seconds,
      goal: { atMost: PONDER_STATEMENT_TIMEOUT_SECONDS },
    },
    { figure: 'VACUUM ANALYZE of the runs', unit: 's', value: vacuumed },
  ]
  const notes = built.map(
    ({ name, bytes, seconds }) =>
      `${name.replace(/^.*\./, '')}: ${Math.round(bytes / runs)} bytes a run, ${seconds.toFixed(1)} s`,
  )
  return { seconds, measurements, notes }
}

/** How long one client waits for each kind of list. */
async function questions(databaseUrl: string): Promise<Measurement[]> {
  await using parts = new AsyncDisposableStack()
  const api = await startIndexApi(databaseUrl, { TRUST_PROXY: '1' })
  parts.defer(api.stop)
  const pages = Math.floor(runs / 20)
  const asked: Record<string, (n: number) => string> = {
    'the newest runs': () => '',
    'open runs of another least reward each time': openWithAnyReward,
    'claimable runs by reward': (n) => `claimable=true&sort=reward&${withAnyReward(n)}`,
    'the runs of a poster of half': (n) => `poster=${whale}&${withAnyReward(n)}`,
    'a word': anyWord,
    'a tag': anyTag,
    'each tag in turn': eachTag,
    'a page from the middle': (n) => `page=${Math.floor(pages / 2) - (n % 1_000)}`,
  }
  const measurements: Measurement[] = []
  for (const [name, query] of Object.entries(asked)) {
    console.log(`  ${name}`)
    const target = { url: api.url, path: (n: number) => `/api/runs?${query(n)}&minBlock=${n}` }
    const { p50, p99 } = await load(target, { connections: 1, seconds: isQuick ? 1 : 10 })
    measurements.push(
      { figure: `${name}, p50`, unit: 'ms', value: p50 },
      { figure: `${name}, p99`, unit: 'ms', value: p99 },
    )
  }
  return measurements
}
