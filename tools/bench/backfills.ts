/**
 * How fast the indexer backfills a chain, beside a Ponder app that only inserts each of the same events; and the bytes of a
 * run in the database.
 *
 * Both start with a full `ponder_sync` cache, as after a first run, so that the bench measures decoding, handlers and
 * tables. With an empty cache both would mostly wait for Anvil, and the difference would be hidden.
 */
import { connect } from '../../ops/database/connect.ts'
import { startIndexer } from '../devnet/indexer.ts'
import type { ManagedProcess } from '../devnet/managedProcess.ts'
import { startPostgres } from '../devnet/postgres.ts'
import { type BusyChain, eventsOfALife, startBusyChain } from './busyChain.ts'
import { type Measurement, median } from './figure.ts'
import { PLAIN_SCHEMA, startPonderApp } from './ponderApp.ts'
import { amount, ROUNDS } from './workload.ts'

/** The market's events on the chain. */
const EVENTS = amount(50_000, 5_000)
const RUNS = EVENTS / eventsOfALife
const PARTIES = amount(2_000, 200)

const BACKFILL_LIMIT_MS = 180_000

type Start = (databaseUrl: string, chain: BusyChain, onLine: (line: string) => void) => Promise<ManagedProcess>

/** How an indexer is started, and the line that says that it has done all that a backfill needs. */
type Indexer = { start: Start; done: RegExp }

/** The market's indexer, as in production. It builds its indexes after the backfill. */
const ours: Indexer = {
  start: async (databaseUrl, chain, onLine) => (await startIndexer({ ...chain, databaseUrl, onLine })).part,
  done: /Readers see this build/,
}

/** A Ponder app on the same contracts and events that only inserts each event. */
const plain: Indexer = {
  start: async (databaseUrl, chain, onLine) =>
    (await startPonderApp({ command: 'start', databaseUrl, chain, onLine })).part,
  done: /"msg":"Started returning 200 responses","endpoint":"\/ready"/,
}

export async function measure() {
  await using parts = new AsyncDisposableStack()
  console.log(`A chain with ${EVENTS} market events`)
  // Old blocks of many parties, as in a backfill of a real chain.
  const chain = await startBusyChain({ parties: PARTIES, daysAgo: 60 })
  parts.defer(chain.stop)
  await chain.grow(RUNS)
  const postgres = await startPostgres({ settings: { shared_buffers: '1GB', max_wal_size: '8GB' } })
  parts.defer(postgres.stop)
  const filled = await postgres.createDatabase('filled')
  console.log('  filling the cache once')
  await backfill(plain, filled, chain)
  const events = await keepCacheOnly(filled)

  const rates = { ours: [] as number[], plain: [] as number[] }
  let bytes: Measurement[] = []
  for (let round = 1; round <= ROUNDS; round++) {
    for (const [name, indexer] of Object.entries({ plain, ours }) as [keyof typeof rates, Indexer][]) {
      const databaseUrl = await postgres.createDatabase(`${name}_${round}`, 'filled')
      const seconds = await backfill(indexer, databaseUrl, chain)
      rates[name].push(events / seconds)
      console.log(`  round ${round} of ${ROUNDS}, ${name}: ${events} events in ${seconds.toFixed(2)} s`)
      if (name === 'ours' && round === ROUNDS) bytes = await bytesOfRuns(databaseUrl)
    }
  }
  return {
    measurements: [
      {
        figure: `backfill of ${EVENTS} market events`,
        unit: 'events/s',
        value: median(rates.ours),
        baseline: median(rates.plain),
        goal: { ratioAtLeast: 0.6 },
      },
      ...bytes,
    ],
    notes: [
      `The chain has ${PARTIES} posters and ${PARTIES} agents, of whom some have many more runs than others, and each step of a run
is in a block of its own, with the steps of 40 runs. Both indexers have the blocks and logs in their cache.`,
    ],
  }
}

/**
 * Runs an indexer on a database without its tables.
 * @returns the seconds until its log says that the handlers have caught up with the chain.
 */
async function backfill({ start, done }: Indexer, databaseUrl: string, chain: BusyChain): Promise<number> {
  let begin = Number.NaN
  let end = Number.NaN
  const indexer = await start(databaseUrl, chain, (line) => {
    if (line.includes('"msg":"Started backfill indexing"')) begin = performance.now()
    if (line.includes('"msg":"Completed backfill indexing across all chains"')) end = performance.now()
  })
  try {
    await indexer.saw(done, BACKFILL_LIMIT_MS)
    return (end - begin) / 1_000
  } finally {
    await indexer.stop()
  }
}

/** Drops the plain app's tables, and keeps the cache. @returns how many events there were. */
async function keepCacheOnly(databaseUrl: string): Promise<number> {
  await using client = await connect(databaseUrl)
  const { rows } = await client.query(`SELECT count(*)::int AS events FROM ${PLAIN_SCHEMA}.plain_event`)
  await client.query(`DROP SCHEMA ${PLAIN_SCHEMA} CASCADE`)
  await client.query('VACUUM ANALYZE')
  return rows[0].events
}

/** What a run takes in the tables of the indexer and in Ponder's cache. */
async function bytesOfRuns(databaseUrl: string): Promise<Measurement[]> {
  await using client = await connect(databaseUrl)
  const bytesOf = async (figure: string, size: string, condition: string): Promise<Measurement> => {
    const { rows } = await client.query(
      `SELECT sum(${size}) AS bytes FROM pg_class WHERE relkind = 'r' AND ${condition}`,
    )
    return { figure, unit: 'bytes', value: Number(rows[0].bytes) / RUNS }
  }
  const isOf = (table: string) => `relname = '${table}'`
  return [
    await bytesOf('a run in the index', 'pg_table_size(oid)', isOf('run')),
    await bytesOf('its indexes', 'pg_indexes_size(oid)', isOf('run')),
    await bytesOf('its five events, with their indexes', 'pg_total_relation_size(oid)', isOf('run_event')),
    await bytesOf(
      "its events in Ponder's cache",
      'pg_total_relation_size(oid)',
      `relnamespace = 'ponder_sync'::regnamespace`,
    ),
  ]
}
