/**
 * How fast the indexer backfills a chain, compared with a Ponder app that only inserts each of the same events.
 *
 * Both start with a full `ponder_sync` cache, as after a first run, so that the bench measures decoding, handlers and
 * tables. With an empty cache both would mostly wait for Anvil, and the difference would be hidden.
 */
import pg from 'pg'
import { type Postgres, startPostgres } from '../devnet/postgres.ts'
import { type Backfill, backfill, ours, plain } from './backfill.ts'
import { type BusyChain, eventsOfALife, startBusyChain } from './busyChain.ts'
import { createCpuMeter } from './cpuMeter.ts'
import { type Measurement, median } from './figure.ts'
import { isQuick, workload } from './workload.ts'

const large = workload.events
const small = large / 10
const PARTIES = isQuick ? 200 : 2_000
const { longRounds: rounds } = workload
/** A round of the small chain takes less than a second, so other load on the machine distorts it more. */
const smallRounds = 3 * rounds

export async function measure() {
  // Old blocks of many parties, as in a backfill of a real chain.
  const chain = await startBusyChain({ parties: PARTIES, daysAgo: 60 })
  await using _stopped = { [Symbol.asyncDispose]: chain.stop }
  // A look does with one.
  const little = isQuick ? undefined : await measureChain(chain, small, smallRounds)
  const much = await measureChain(chain, large, rounds)
  const largeFigures = figuresOf(large, much)
  return {
    measurements: little ? [...figuresOf(small, little), ...largeFigures, compare(much, little)] : largeFigures,
    notes: [
      `The chain has ${PARTIES} posters and ${PARTIES} agents, of whom some have many more runs than others, and each step of a run is
in a block of its own. A block has the steps of 40 runs, and ${Math.round(much.eventsOfBlock)} events of all three contracts.
Both indexers have the blocks and logs in their cache. Plain Ponder stores a row per event; ours also keeps runs,
agents, and the bands that make totals and pages flat. Both wait for nothing but the indexer's one thread.`,
      ...(little ? notesOf(small, little) : []),
      ...notesOf(large, much),
    ],
  }
}

function compare(much: Rates, little: Rates): Measurement {
  const ratio = ({ ours, plain }: Rates) => ours.handled / plain.handled
  return {
    figure: `ratio at ${large} beside the ratio at ${small}`,
    unit: 'ours / plain',
    value: ratio(much),
    baseline: ratio(little),
    goal: { ratioAtLeast: 0.9 },
  }
}

const notesOf = (events: number, { cpu }: Rates) =>
  Object.entries(cpu).map(([name, shares]) => `backfill of ${events} market events, ${name}: ${shares}`)

/** Events a second, of all three contracts, until each point of a backfill. */
type Rate = Record<keyof Backfill, number>
type Name = 'ours' | 'plain'
type Rates = { ours: Rate; plain: Rate; cpu: Record<Name, string> }
type ChainRates = Rates & { eventsOfBlock: number }

const figuresOf = (events: number, { ours, plain }: Rates): Measurement[] => [
  {
    figure: `backfill of ${events} market events`,
    unit: 'events/s',
    value: ours.handled,
    baseline: plain.handled,
    goal: { ratioAtLeast: 0.6 },
  },
  {
    figure: `backfill of ${events}, until served with its indexes`,
    unit: 'events/s',
    value: ours.served,
    baseline: plain.served,
  },
]

/** Grows the chain to so many market events, and indexes it. */
async function measureChain(chain: BusyChain, marketEvents: number, rounds: number): Promise<ChainRates> {
  await using parts = new AsyncDisposableStack()
  console.log(`A chain with ${marketEvents} market events`)
  await chain.grow(marketEvents / eventsOfALife)
  const postgres = await startPostgres({ settings: { shared_buffers: '1GB', max_wal_size: '8GB' } })
  parts.defer(postgres.stop)
  const filled = await postgres.createDatabase('filled')
  console.log('  filling the cache once')
  await backfill(plain, filled, chain, { meter: createCpuMeter(), pids: {} })
  const { events, eventsOfBlock } = await keepCacheOnly(filled)
  return { ...(await alternate(chain, postgres, events, rounds)), eventsOfBlock }
}

/** Alternates the two in each round, so that other load on the machine affects both alike. */
async function alternate(chain: BusyChain, postgres: Postgres, events: number, rounds: number): Promise<Rates> {
  const { url: serverUrl } = postgres
  const taken: Record<Name, Backfill[]> = { ours: [], plain: [] }
  const meters = { ours: createCpuMeter(), plain: createCpuMeter() }
  for (let round = 1; round <= rounds; round++) {
    for (const [name, start] of Object.entries({ plain, ours }) as [Name, typeof ours][]) {
      const database = `${name}_${round}`
      await execute(serverUrl, `CREATE DATABASE ${database} TEMPLATE filled`)
      const measured = { meter: meters[name], pids: { PostgreSQL: postgres.part.pid } }
      const each = await backfill(start, urlOf(serverUrl, database), chain, measured)
      await execute(serverUrl, `DROP DATABASE ${database} WITH (FORCE)`)
      taken[name].push(each)
      const seconds = Object.values(each).map((milliseconds) => (milliseconds / 1_000).toFixed(2))
      console.log(
        `  round ${round} of ${rounds}, ${name}: ${events} events in ${seconds[0]} s, served in ${seconds[1]} s`,
      )
    }
  }
  const rate = (each: Backfill[], until: keyof Backfill) => median(each.map((times) => (1_000 * events) / times[until]))
  const rates = (each: Backfill[]): Rate => ({ handled: rate(each, 'handled'), served: rate(each, 'served') })
  const cpu = { ours: meters.ours.shares(), plain: meters.plain.shares() }
  return { ours: rates(taken.ours), plain: rates(taken.plain), cpu }
}

/** Drops the plain indexer's tables, and keeps the cache. @returns how many events there are, and in a block that has any. */
async function keepCacheOnly(url: string): Promise<{ events: number; eventsOfBlock: number }> {
  const [counted] = await execute(
    url,
    `SELECT count(*)::int AS events, count(*)::float8 / count(DISTINCT block_number) AS "eventsOfBlock"
    FROM plain.plain_event`,
  )
  await execute(url, 'DROP SCHEMA plain CASCADE')
  await execute(url, 'VACUUM ANALYZE')
  return counted
}

async function execute(connectionString: string, statement: string) {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    return (await client.query(statement)).rows
  } finally {
    await client.end()
  }
}

function urlOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl)
  url.pathname = database
  return url.href
}
