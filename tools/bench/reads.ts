/**
 * Reads of a market with a million runs, each with another URL, so that no answer is cached. The questions come as many
 * independent clients ask them (Poisson arrivals), and percentiles are of each kind. An answer that is not 2xx, such as one
 * that is cut off after two seconds, ends the bench.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Postgres, startPostgres } from '../devnet/postgres.ts'
import { ask, type Waited } from './arrivals.ts'
import { cpuSeconds } from './cpuSeconds.ts'
import { type Measurement, worstOf } from './figure.ts'
import { compare, load } from './load.ts'
import { dearest, drawLists, type Lists, searches, singles } from './readsKinds.ts'
import { type ReadsMarket, startBare, startReadsMarket } from './readsMarket.ts'
import { startLoad } from './startLoad.ts'
import { amount, MANY_RUNS } from './workload.ts'

const EXPIRED = MANY_RUNS / 5

const SECONDS = amount(30, 5)
const WARM_UP_SECONDS = amount(8, 2)

const AGENTS = 1_000
const AGENT_INTERVAL_SECONDS = 5
const BLOCK_MS = 200

const FLOOD = { connections: 30, requests: 50_000, headers: { 'X-Forwarded-For': '198.51.100.1' } }
const HONEST = { perSecond: 50, seconds: amount(15, 3), headers: { 'X-Forwarded-For': '203.0.113.1' } }

export async function measure() {
  await using parts = new AsyncDisposableStack()
  const postgres = await startPostgres({ settings: { shared_buffers: '1GB', max_wal_size: '8GB' } })
  parts.defer(postgres.stop)
  console.log(`  loading ${MANY_RUNS} runs`)
  const market = await startReadsMarket(postgres, MANY_RUNS)
  parts.defer(market.stop)
  const lists = await drawLists(market)
  await warmUp(market, lists)
  const measurements = [
    ...(await listsOf(market, lists)),
    ...(await singlesAndSearches(market)),
    ...(await besideBare(market)),
    await pollingAgents(market, postgres, lists),
    ...(await besideFlood(market)),
    // Last, because the market is another one then.
    ...(await listsBehindExpired(market, lists)),
  ]
  return {
    measurements,
    notes: [
      'Clients, API, bare server and PostgreSQL share the cores of the machine. The tables are loaded and analysed.',
    ],
  }
}

/** A connection plans each statement once, which takes longer than it runs. */
async function warmUp(market: ReadsMarket, lists: Lists) {
  const kinds = [...lists(1), ...singles(market), searches]
  await load({ url: market.api.url, path: (n) => kinds[n % kinds.length]?.path(n) ?? '' }, WARM_UP_SECONDS)
}

const p50 = ({ name, p50 }: Waited): Measurement => ({ figure: `${name}, p50`, unit: 'ms', value: p50 })
const p99 = ({ name, p99 }: Waited): Measurement => ({ figure: `${name}, p99`, unit: 'ms', value: p99 })

async function listsOf({ api }: ReadsMarket, lists: Lists): Promise<Measurement[]> {
  console.log('  lists, 100 a second')
  const waited = await ask(api.url, lists(100), { seconds: SECONDS })
  return [
    ...waited.flatMap((kind) => [p50(kind), p99(kind)]),
    worstOf('the slowest kind of list, 100 a second, p50', waited.map(p50), { atMost: 10 }),
    worstOf('the slowest kind of list, 100 a second, p99', waited.map(p99), { atMost: 50 }),
  ]
}

async function singlesAndSearches(market: ReadsMarket): Promise<Measurement[]> {
  console.log('  runs by id, eligibility, and 5 searches a second')
  const waited = await ask(market.api.url, [...singles(market), searches], { seconds: SECONDS })
  const [run, eligibility, searched] = waited
  if (!run || !eligibility || !searched) throw new Error('A kind of question was not asked')
  return [
    p99(run),
    p99(eligibility),
    worstOf('the slower of these two, p99', [p99(run), p99(eligibility)], { atMost: 20 }),
    { ...p50(searched), figure: 'searches, 5 a second, p50', goal: { atMost: 60 } },
    { ...p99(searched), figure: 'searches, 5 a second, p99', goal: { atMost: 400 } },
  ]
}

/** The newest list beside a bare route with the same statement, and from the cache beside constant bytes. */
async function besideBare(market: ReadsMarket): Promise<Measurement[]> {
  const bare = await startBare(market)
  try {
    const { url } = market.api
    const newest = { url, path: (n: number) => `/api/runs?minBlock=${n}` }
    const list = await compare('the newest list', newest, { url: bare.url, path: () => '/list' })
    const constant = { url: bare.url, path: () => '/constant' }
    const cached = await compare('from the cache', { url, path: () => '/api/runs' }, constant)
    return [
      { figure: 'the newest list', unit: 'rps', ...list, goal: { ratioAtLeast: 0.85 } },
      { figure: 'the newest list, from the cache', unit: 'rps', ...cached, goal: { ratioAtLeast: 0.5 } },
    ]
  } finally {
    await bare.stop()
  }
}

/** What agents that poll cost while each block ends the answers in the cache. */
async function pollingAgents({ api, addBlock }: ReadsMarket, postgres: Postgres, lists: Lists): Promise<Measurement> {
  console.log(`  ${AGENTS} polling agents`)
  const seconds = SECONDS / 2
  const blocks = (async () => {
    for (let block = 1; block <= (1_000 * seconds) / BLOCK_MS; block++) {
      await addBlock()
      await sleep(BLOCK_MS)
    }
  })()
  const used = () => cpuSeconds(api.part.pid, postgres.part.pid)
  const [before, begin] = [await used(), performance.now()]
  await Promise.all([ask(api.url, lists(AGENTS / AGENT_INTERVAL_SECONDS), { seconds }), blocks])
  const value = ((await used()) - before) / ((performance.now() - begin) / 1_000)
  return {
    figure: `API and PostgreSQL under ${AGENTS} agents that ask another list every ${AGENT_INTERVAL_SECONDS} s`,
    unit: 'cores',
    value,
    goal: { atMost: 1 },
  }
}

/** The example of README.md, which any client may ask for. */
const SHARED_PATH = '/api/runs?claimable=true&sort=reward&limit=1'

/**
 * Open runs, and the list that the flood asks for too, of one client, while another one of another address asks the dearest
 * questions on many connections.
 */
async function besideFlood(market: ReadsMarket): Promise<Measurement[]> {
  console.log('  beside a flood of the dearest questions')
  const { api } = market
  const path = dearest(market)
  const { connections, headers } = FLOOD
  const requests = Array.from({ length: FLOOD.requests }, (_, n) => ({
    method: 'GET' as const,
    path: n % 64 === 63 ? SHARED_PATH : path(n),
    headers,
  }))
  using flood = await startLoad({ url: api.url, requests, connections, seconds: HONEST.seconds + 2 })
  flood.begin()
  await sleep(1_000)
  const perSecond = HONEST.perSecond / 2
  const open = { name: 'open runs', perSecond, path: (n: number) => `/api/runs?state=OPEN&minBlock=${n}` }
  const shared = { name: 'what the flood asks for too', perSecond, path: () => SHARED_PATH }
  const waited = await ask(api.url, [open, shared], HONEST)
  console.log(`  the answers of the flood: ${(await flood.ended).statuses}`)
  return [
    ...waited.flatMap((kind) => [p50(kind), p99(kind)]),
    worstOf('others beside a flood, p50', waited.map(p50), { atMost: 50 }),
    worstOf('others beside a flood, p99', waited.map(p99), { atMost: 250 }),
  ]
}

async function listsBehindExpired({ api, addExpired }: ReadsMarket, lists: Lists): Promise<Measurement[]> {
  console.log(`  lists behind ${EXPIRED} expired runs, 30 a second`)
  await addExpired(EXPIRED)
  const waited = await ask(api.url, lists(30), { seconds: SECONDS })
  const name = `the slowest kind of list behind ${EXPIRED} cheap expired runs, 30 a second, p99`
  return [worstOf(name, waited.map(p99), { atMost: 150 })]
}
