/**
 * Reads of a market with a million runs. Figures and baselines are medians of rounds, in which both are measured in turn.
 * An answer that is not 2xx ends the bench.
 */

import { whale } from '../../test/support/manyRuns.ts'
import { startPostgres } from '../devnet/postgres.ts'
import type { Measurement } from './figure.ts'
import { autovacuumSettings } from './livingTables.ts'
import { alternate, type Load, load, type Target } from './load.ts'
import { fairness } from './readsFairness.ts'
import { FILTERED_LISTS, type ReadsMarket, startReadsMarket } from './readsMarket.ts'
import {
  anyTag,
  anyWord,
  drawMix,
  eachTag,
  openWithAnyReward,
  type Pagination,
  rareWord,
  withAnyReward,
} from './readsMix.ts'
import { isQuick, workload } from './workload.ts'

const many = workload.runs
const few = 1_000
const manyClients = { connections: 10, seconds: workload.seconds }
/** One request at a time, so that the latency does not include a queue. */
const oneClient = { ...manyClients, connections: 1 }

export async function measure() {
  await using parts = new AsyncDisposableStack()
  const postgres = await startPostgres({ settings: { ...autovacuumSettings, shared_buffers: '1GB' } })
  parts.defer(postgres.stop)
  console.log(`Loading ${many} runs`)
  const market = await startReadsMarket(postgres, many)
  parts.defer(market.stop)
  // A look does without: its market takes as long to ask.
  const small = isQuick ? undefined : await startReadsMarket(postgres, few)
  if (small) parts.defer(small.stop)
  const rates = await throughput(market)
  const lists = await questions(market, small)
  return {
    measurements: [
      ...rates.measurements,
      ...lists.measurements,
      ...(await cursors(market)),
      ...(await besideFloods(market)),
      ...(small ? await memory(market, small) : []),
    ],
    notes: [
      ...limits,
      `PostgreSQL's shared memory in huge pages: ${market.hugePages}.`,
      ...rates.notes,
      ...lists.notes,
    ],
  }
}

type Result = { measurements: Measurement[]; notes: string[] }

/** What limits the figures, from profiles. The CPU shares of each measurement follow. */
const limits = [
  `The list is /api/runs?minBlock=, whose minBlock differs so that no answer is cached. The filtered list is
/api/runs?state=OPEN&minReward=&minBlock=, with one of ${FILTERED_LISTS} amounts in each request. Both answer 20 runs, and the
exact total. Each request has a statement of its own. The bare server sends the same statements.
A fifth of the runs are OPEN and past their deadlines, and newer than all others.
Searches are asked for two minutes before they are measured, because the matches of a word that is searched again are known.
The tables are as after some weeks of a market: the newest 30 % of the runs have changed twice since they were loaded, and only
autovacuum has vacuumed and analysed them, by the settings that the indexer gives its tables.
Clients, API, bare server and PostgreSQL share two cores. Cached lists are bound by the client, whose one thread is full in
both cases. The bare server's constant answer has one header, the API's a dozen: "beside the same headers" is the bare
server with all of them. Any minReward, pages of one state and the mix are bound by PostgreSQL.
A profile of PostgreSQL under the mix is flat: the greatest part, to find pages in memory, takes 7 % of its time.
Since connections have several statements at once, the bare server's slowest hundredth of lists and of runs by id takes less
time, but the API's does not. The cause is not known.
A page in the middle is found by an offset: PostgreSQL passes the entries of an index that precede it. Only a page of all runs
by creation begins at an id. Such pages are read two
at a time, on connections of their own.`,
]

/** Another URL each time, so that the answer cache never answers. */
const uncached = (url: string, list = '/api/runs?') => ({ url, path: (n: number) => `${list}&minBlock=${n}` })
const byId = (url: string, prefix: string) => ({ url, path: (n: number) => `${prefix}${1 + ((n * 7_919) % many)}` })

async function throughput({ api, bare, pids }: ReadsMarket): Promise<Result> {
  console.log('Throughput')
  const both = (ours: Target, bare: Target) => alternate({ ours, bare }, manyClients, { pids })
  const filtered = await both(
    { url: api.url, path: (n) => `/api/runs?${openWithAnyReward(n % FILTERED_LISTS)}&minBlock=${n}` },
    { url: bare.url, path: (n) => `/filtered/${n % FILTERED_LISTS}` },
  )
  const list = await both(uncached(api.url), { url: bare.url, path: () => '/list' })
  const run = await both(byId(api.url, '/api/runs/'), byId(bare.url, '/run/'))
  const constant = (url: string, path: string): Target => ({ url, path: () => path })
  const cached = await alternate(
    {
      ours: constant(api.url, '/api/runs'),
      bare: constant(bare.url, '/constant'),
      headers: constant(bare.url, '/constant-with-headers'),
    },
    manyClients,
    { pids },
  )
  const named = {
    'filtered list, uncached': filtered,
    'list, uncached': list,
    'by id, uncached': run,
    'list, cached': cached,
  }
  return {
    measurements: [
      ...against('filtered list, uncached', filtered, LIST_GOAL),
      ...against('list, uncached', list, LIST_GOAL),
      ...against('by id, uncached', run, BARE_GOAL),
      rate('list, cached', cached, BARE_GOAL),
      rate('list, cached, beside the same headers', { ours: cached.ours, bare: cached.headers }, BARE_GOAL),
    ],
    notes: Object.entries(named).flatMap(([name, { ours, bare }]) => [
      `${name}: ${ours.cpu}`,
      `${name}, bare: ${bare.cpu}`,
    ]),
  }
}

type Pair = { ours: Load; bare: Load }

/** Of the bare server's rate. */
const BARE_GOAL = 0.9
/** A list does more than its statement: it parses filters, and makes a cursor and a total. */
const LIST_GOAL = 0.85

const rate = (name: string, { ours, bare }: Pair, ratioAtLeast: number): Measurement => ({
  figure: name,
  unit: 'rps',
  value: ours.rps,
  baseline: bare.rps,
  goal: { ratioAtLeast },
})

const against = (name: string, { ours, bare }: Pair, ratioAtLeast: number): Measurement[] => [
  rate(name, { ours, bare }, ratioAtLeast),
  { figure: `${name}, p99`, unit: 'ms', value: ours.p99, baseline: bare.p99, goal: { ratioAtMost: 1.3 } },
]

/** Lists that few requests share, beside the same list over and over, which requests share; and beside few runs. */
async function questions(market: ReadsMarket, small: ReadsMarket | undefined): Promise<Result> {
  console.log('Other questions than the same list')
  const large = await questionsOf(market, many)
  const little = small && (await questionsOf(small, few))
  const first = await load(large['search of any word'], manyClients)
  for (const asked of [large, little]) {
    if (!asked) continue
    for (const [name, seconds] of warmUps) await load(asked[name], { ...manyClients, seconds })
  }
  const concurrent = await alternate(large, manyClients, { pids: market.pids })
  const single = await alternate(
    only(large, (name) => isSearch(name) || name === SAME),
    oneClient,
  )
  const both = little && (await alternate({ ...large, ...ofLittle(little) }, oneClient))
  const ofFew = little && (await alternate(only(little, isSameOrMix), manyClients))
  const names = Object.keys(large).filter((name) => name !== SAME) as (keyof typeof large)[]
  const measurements = [
    {
      figure: 'search of any word by a new process, 10 clients',
      unit: 'rps',
      value: first.rps,
      baseline: concurrent[SAME].rps,
    },
    ...names.flatMap((name): Measurement[] => [
      {
        figure: `${name}, 10 clients`,
        unit: 'rps',
        value: concurrent[name].rps,
        baseline: concurrent[SAME].rps,
        ...(hasGoal(name) && { goal: { ratioAtLeast: isSearch(name) ? 0.3 : 0.5 } }),
      },
      {
        figure: `${name}, 10 clients, p99`,
        unit: 'ms',
        value: concurrent[name].p99,
        baseline: concurrent[SAME].p99,
        ...(hasGoal(name) && !isSearch(name) && { goal: { atMost: 25 } }),
      },
      ...searched(name, single),
      ...(both && !isSearch(name) && name !== COUNTED
        ? [flatness(name, both[name], both[`little ${name}` as const], 1.5)]
        : []),
    ]),
    ...(both ? [flatness(SAME, both[SAME], both[`little ${SAME}` as const], 1.2)] : []),
    ...(ofFew ? mixesOf(concurrent, ofFew) : []),
  ]
  return {
    measurements,
    notes: Object.entries(concurrent).map(([name, { cpu }]) => `${name}, 10 clients: ${cpu}`),
  }
}

const only = (targets: Record<string, Target>, isChosen: (name: string) => boolean) =>
  Object.fromEntries(Object.entries(targets).filter(([name]) => isChosen(name)))

/** How long a search takes without a queue. */
const searched = (name: string, single: Record<string, Load>): Measurement[] => {
  const alone = single[name]
  const same = single[SAME]
  if (!alone || !same || !isSearch(name)) return []
  return [{ figure: `${name}, p50`, unit: 'ms', value: alone.p50, baseline: same.p50, goal: { atMost: SEARCH_MS } }]
}

const SEARCH_MS = 20
const isSearch = (name: string) => name.startsWith('search')

const ofLittle = <Name extends string>(targets: Record<Name, Target>) =>
  Object.fromEntries(Object.entries(targets).map(([name, target]) => [`little ${name}`, target])) as Record<
    `little ${Name}`,
    Target
  >

const flatness = (name: string, large: Load, little: Load, ratioAtMost: number): Measurement => ({
  figure: `${name}, p50 beside ${few} runs`,
  unit: 'ms',
  value: large.p50,
  baseline: little.p50,
  goal: isMiddle(name) ? { atMost: MIDDLE_PAGE_MS } : { ratioAtMost },
})

/** What of a mix's rate is due to its questions, which a few runs have too, and what to the number of runs. */
const mixesOf = (large: Record<string, Load>, little: Record<string, Load>): Measurement[] =>
  Object.entries(little)
    .filter(([name]) => isMix(name))
    .flatMap(([name, { rps }]): Measurement[] => [
      { figure: `${name} of ${few} runs, 10 clients`, unit: 'rps', value: rps, baseline: rateOf(little[SAME]) },
      {
        figure: `${name}, 10 clients, beside ${few} runs`,
        unit: 'rps',
        value: rateOf(large[name]),
        baseline: rps,
        goal: { ratioAtLeast: 0.5 },
      },
    ])

function rateOf(load: Load | undefined): number {
  if (!load) throw new Error('A list was not measured')
  return load.rps
}

const isMix = (name: string) => name.startsWith('mix')
const isSameOrMix = (name: string) => isMix(name) || name === SAME

const SAME = 'same list'

/** A page in the middle is not flat: PostgreSQL passes half of a million runs. It may take so long for a single client. */
const MIDDLE_PAGE_MS = 50
const isMiddle = (name: string) => name.startsWith('middle page')

/** The plain count of the briefs of a search, without runs, order and texts. It counts frequent words too, which a search does not. */
const COUNTED = 'briefs with any word, counted by the bare server'
const hasGoal = (name: string) => !isMiddle(name) && name !== COUNTED

async function questionsOf({ api, bare }: ReadsMarket, runs: number) {
  const ask = (query: (n: number) => string): Target => ({
    url: api.url,
    path: (n) => `/api/runs?${query(n)}&minBlock=${n}`,
  })
  const paginationOf = async (query: string) => {
    const response = await fetch(`${api.url}/api/runs?${query}`)
    return ((await response.json()) as { pagination: Pagination }).pagination
  }
  const mix = await drawMix(MIX_SEED, paginationOf, { areSearched: true })
  const listMix = await drawMix(MIX_SEED, paginationOf, { areSearched: false })
  const middle = Math.ceil(runs / 2 / 20)
  const nearMiddle = (n: number) => middle - (n % Math.ceil(middle / 10))
  return {
    [SAME]: ask(() => ''),
    'any minReward': ask(withAnyReward),
    'claimable=true': ask(() => 'claimable=true'),
    'poster of half': ask(() => `poster=${whale}`),
    'middle page': ask((n) => `page=${nearMiddle(n)}`),
    'middle page of APPROVED': ask((n) => `state=APPROVED&page=${Math.ceil(nearMiddle(n) / 2)}`),
    'search of any word': ask(anyWord),
    [COUNTED]: { url: bare.url, path: (n: number) => `/briefs?${anyWord(n)}` },
    'search of a rare word': ask(rareWord),
    'search of a word of all': ask(() => 'q=work'),
    'search of any tag': ask(anyTag),
    'search of each tag': ask(eachTag),
    'search of OPEN by reward': ask((n) => `${anyWord(n)}&state=OPEN&sort=reward`),
    'mix without searches': ask((n) => listMix[n % listMix.length] ?? ''),
    mix: ask((n) => mix[n % mix.length] ?? ''),
  }
}

const MIX_SEED = 1

/**
 * What is asked before, and for how many seconds. A connection plans each of the mix's statements once, which takes longer than
 * it runs. The matches of a word or a tag are known soon after it was searched twice.
 */
const warmUps = [
  ['mix without searches', isQuick ? 2 : 15],
  ['mix', isQuick ? 2 : 15],
  ['search of any word', isQuick ? 2 : 90],
  ['search of a rare word', isQuick ? 2 : 30],
  ['search of each tag', isQuick ? 2 : 15],
] as const

async function cursors({ api }: ReadsMarket): Promise<Measurement[]> {
  console.log('Cursors')
  const response = await fetch(`${api.url}/api/runs?page=${(0.9 * many) / 20}`)
  const { pagination } = (await response.json()) as { pagination: { nextCursor: string } }
  const { first, cursor } = await alternate(
    { first: uncached(api.url), cursor: uncached(api.url, `/api/runs?cursor=${pagination.nextCursor}`) },
    oneClient,
  )
  const figure = `cursor at row ${0.9 * many}, p50`
  return [{ figure, unit: 'ms', value: cursor.p50, baseline: first.p50, goal: { ratioAtMost: 1.2 } }]
}

function besideFloods({ api }: ReadsMarket): Promise<Measurement[]> {
  console.log('Beside floods')
  const page = (n: number) => `page=${1 + ((n * 7_919) % 7_000)}`
  return fairness(
    api.url,
    (n) => `/api/runs?state=OPEN&minBlock=${n}`,
    {
      'any minReward': (n) => `/api/runs?${withAnyReward(n)}&minBlock=${n}`,
      searches: (n) => `/api/runs?${anyWord(n)}&minBlock=${n}`,
      'middle pages': (n) => `/api/runs?page=${Math.ceil(many / 2 / 20) - (n % 1_000)}&minBlock=${n}`,
      'pages of claimable=true': (n) => `/api/runs?claimable=true&${page(n)}&minBlock=${n}`,
      'pages of any minReward': (n) => `/api/runs?${withAnyReward(n)}&sort=deadline&${page(n)}&minBlock=${n}`,
    },
    FAIRNESS_SECONDS,
  )
}

/** So long that the honest client sends hundreds of requests. */
const FAIRNESS_SECONDS = 2 * manyClients.seconds

async function memory(market: ReadsMarket, small: ReadsMarket): Promise<Measurement[]> {
  console.log('Memory')
  const large = await loadedMegabytes(market)
  const little = await loadedMegabytes(small)
  const figure = `memory of the API at ${many} runs`
  return [{ figure, unit: 'MB', value: large, baseline: little, goal: { ratioAtMost: 1.3 } }]
}

/** The memory of a new API process after a round of each load. */
async function loadedMegabytes({ startAnotherApi }: ReadsMarket) {
  const api = await startAnotherApi()
  try {
    for (const target of [uncached(api.url), { url: api.url, path: () => '/api/runs' }]) await load(target, manyClients)
    return await residentMegabytes(api.opsUrl)
  } finally {
    await api.stop()
  }
}

async function residentMegabytes(opsUrl: string) {
  const metrics = await (await fetch(`${opsUrl}/metrics`)).text()
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(metrics)?.[1]) / 2 ** 20
}
