/**
 * Reads of a market with a million runs. Figures and baselines are medians of five rounds, in which both are measured
 * in turn. An answer that is not 2xx ends the bench.
 */
import { startPostgres } from '../devnet/postgres.ts'
import type { Measurement } from './figure.ts'
import { alternate, type Load, load, type Target } from './load.ts'
import { type ReadsMarket, startReadsMarket } from './readsMarket.ts'

const many = Number(process.env.BENCH_RUNS ?? 1_000_000)
const few = 1_000
const manyClients = { connections: 10, seconds: Number(process.env.BENCH_SECONDS ?? 5) }
/** One request at a time, so that the latency does not include a queue. */
const oneClient = { ...manyClients, connections: 1 }

export async function measure() {
  await using parts = new AsyncDisposableStack()
  const postgres = await startPostgres({ settings: { shared_buffers: '1GB' } })
  parts.defer(postgres.stop)
  console.log(`Loading ${many} runs`)
  const market = await startReadsMarket(postgres, many)
  parts.defer(market.stop)
  const small = await startReadsMarket(postgres, few)
  parts.defer(small.stop)
  return {
    measurements: [
      ...(await throughput(market)),
      ...(await sizes(market, small)),
      ...(await places(market)),
      ...(await memory(market, small)),
    ],
  }
}

/** Another URL each time, so that the answer cache never answers. */
const uncached = (url: string, list = '/api/runs?') => ({ url, path: (n: number) => `${list}&minBlock=${n}` })
const byId = (url: string, prefix: string) => ({ url, path: (n: number) => `${prefix}${1 + ((n * 7_919) % many)}` })

async function throughput({ api, bare }: ReadsMarket): Promise<Measurement[]> {
  console.log('Throughput')
  const list = await alternate({ ours: uncached(api.url), bare: { url: bare.url, path: () => '/list' } }, manyClients)
  const run = await alternate({ ours: byId(api.url, '/api/runs/'), bare: byId(bare.url, '/run/') }, manyClients)
  const constant = (url: string, path: string): Target => ({ url, path: () => path })
  const cached = await alternate(
    { ours: constant(api.url, '/api/runs'), bare: constant(bare.url, '/constant') },
    manyClients,
  )
  return [...against('list, uncached', list), ...against('by id, uncached', run), rate('list, cached', cached)]
}

type Pair = { ours: Load; bare: Load }

const rate = (name: string, { ours, bare }: Pair): Measurement => ({
  figure: name,
  unit: 'rps',
  value: ours.rps,
  baseline: bare.rps,
  goal: { ratioAtLeast: 0.85 },
})

const against = (name: string, { ours, bare }: Pair): Measurement[] => [
  rate(name, { ours, bare }),
  { figure: `${name}, p99`, unit: 'ms', value: ours.p99, baseline: bare.p99, goal: { ratioAtMost: 1.3 } },
]

async function sizes(market: ReadsMarket, small: ReadsMarket): Promise<Measurement[]> {
  console.log('First page, by size')
  const { large, little } = await alternate(
    { large: uncached(market.api.url), little: uncached(small.api.url) },
    oneClient,
  )
  return [
    {
      figure: `first page of ${many}, p50`,
      unit: 'ms',
      value: large.p50,
      baseline: little.p50,
      goal: { ratioAtMost: 1.2 },
    },
  ]
}

async function places({ api }: ReadsMarket): Promise<Measurement[]> {
  console.log('Deep pages')
  const page = (0.9 * many) / 20
  const response = await fetch(`${api.url}/api/runs?page=${page}`)
  const { pagination } = (await response.json()) as { pagination: { nextCursor: string } }
  const { first, deep, cursor } = await alternate(
    {
      first: uncached(api.url),
      deep: uncached(api.url, `/api/runs?page=${page}`),
      cursor: uncached(api.url, `/api/runs?cursor=${pagination.nextCursor}`),
    },
    oneClient,
  )
  return [
    {
      figure: `page at row ${0.9 * many}, p50`,
      unit: 'ms',
      value: deep.p50,
      baseline: first.p50,
      goal: { atMost: 60 },
    },
    { figure: 'cursor there, p50', unit: 'ms', value: cursor.p50, baseline: first.p50, goal: { ratioAtMost: 1.2 } },
  ]
}

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
