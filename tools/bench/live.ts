/**
 * A market during indexing: the latency of reads, the time from a block to its answer, and the indexer's memory with a
 * million runs. Each figure's baseline is measured in the same run.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { startPostgres } from '../devnet/postgres.ts'
import { createCpuMeter } from './cpuMeter.ts'
import { type Measurement, median } from './figure.ts'
import { blocksBefore, type LargeMarket, startLargeMarket } from './largeMarket.ts'
import { latencies } from './latency.ts'
import { autovacuumSettings } from './livingTables.ts'
import { alternate, type Load, load } from './load.ts'
import { openWithAnyReward } from './readsMix.ts'
import { isQuick, workload } from './workload.ts'

const { runs: many, seconds, longRounds: rounds, blocks } = workload
const few = 1_000

/**
 * A fixed rate of requests, by four clients: at full load the result would depend on how the scheduler shares the
 * cores. A round is long, because the slowest hundredth of so few requests would otherwise be a handful.
 */
const steady = { connections: 4, seconds: isQuick ? 2 : 10, rate: 100 }

/** Time between two blocks during the reads at a fixed rate. */
const FAST_BLOCK_MS = 100

/** The time between two blocks of Base, and how many blocks there are for each with all events of a run. */
const BASE_BLOCK_MS = 200
const BLOCKS_A_LIFE = 5

/** As many clients as those of `reads`, each at full speed. */
const full = { connections: 10, seconds }

/** Blocks after which the indexer's memory is measured. */
const warmUp = 100

export async function measure() {
  await using parts = new AsyncDisposableStack()
  const postgres = await startPostgres({
    settings: { ...autovacuumSettings, shared_buffers: '1GB', max_wal_size: '8GB' },
  })
  parts.defer(postgres.stop)
  const latency = createCpuMeter()
  // A look does without the memory's figure, whose baseline needs a market of its own.
  const little = isQuick ? undefined : await memoryOf(few, indexerMegabytes)
  const large = await memoryOf(many, async (market) => ({
    memory: await indexerMegabytes(market),
    reads: [...(await readsWhileIndexing(market)), ...(await readsBesideBase(market))],
    latency: await latency.during(
      { indexer: market.indexer.part.pid, API: market.api.part.pid, PostgreSQL: postgres.part.pid },
      () => latencies(market, blocks),
    ),
    graphql: await besideGraphql(market),
  }))
  const memory = little === undefined ? [] : [memoryFigure(large.memory, little)]
  return {
    measurements: [...large.reads, ...large.latency, ...large.graphql, ...memory],
    notes: [limit, `from block to answer: ${latency.shares()}`],
  }

  async function memoryOf<T>(runs: number, use: (market: LargeMarket) => Promise<T>): Promise<T> {
    console.log(`A market with ${runs} runs`)
    const market = await startLargeMarket(postgres, runs)
    try {
      return await use(market)
    } finally {
      await market.stop()
    }
  }
}

/** From a log of all statements with their times, and a CPU profile of the indexer. */
const limit = `From block to answer: both poll every 100 ms, so half of the baseline and of ours is the wait for a poll. From the poll to the
answer, ours takes about 28 ms: 5 for the block and its logs, 20 for Ponder's transaction, and 3 for the notification and the
read. The transaction has some 30 statements for a run's life: a read per row that is not cached, a write per changed table,
and one for each of the ten tables' reorg logs. Each takes 0.6 ms, of which PostgreSQL uses 0.2; to send them without a wait
for each answer changed nothing. A third of them is the price of bands and days, which make totals and pages flat.
Reads while indexing share the cores with ten such transactions a second, and with the client.`

const memoryFigure = (value: number, baseline: number): Measurement => ({
  figure: `memory of the indexer at ${many} runs`,
  unit: 'MB',
  value,
  baseline,
  goal: { ratioAtMost: 1.3 },
})

/**
 * Mines a block at each interval. One of `blocksALife` blocks has all events of a run, the others are empty.
 * @returns a function that stops it and returns the number of blocks.
 */
function mineFastBlocks({ chain }: LargeMarket, intervalMs: number, blocksALife: number) {
  let isOver = false
  let mined = 0
  const mining = (async () => {
    for (let next = performance.now(); !isOver; next += intervalMs) {
      if (mined % blocksALife === 0) await chain.mineLives(1)
      else await chain.client.mine({ blocks: 1 })
      mined++
      await sleep(Math.max(0, next + intervalMs - performance.now()))
    }
  })()
  return async () => {
    isOver = true
    await mining
    return mined
  }
}

async function indexerMegabytes(market: LargeMarket): Promise<number> {
  for (let block = 0; block < warmUp; block++) await market.chain.mineLives(1)
  await market.indexed()
  const { stdout } = await execa('ps', ['-o', 'rss=', '-p', String(market.indexer.part.pid)])
  return Number(stdout) / 1_024
}

async function readsWhileIndexing(market: LargeMarket): Promise<Measurement[]> {
  console.log('Reads, idle and while 10 blocks a second are indexed')
  // Another URL each time, so that the answer cache never answers.
  const target = { url: market.api.url, path: (n: number) => `/api/runs?minBlock=${n % blocksBefore}` }
  const taken: { idle: Load[]; busy: Load[] } = { idle: [], busy: [] }
  const paces: number[] = []
  await load(target, steady)
  for (let round = 1; round <= rounds; round++) {
    taken.idle.push(await load(target, steady))
    const begin = performance.now()
    const stop = mineFastBlocks(market, FAST_BLOCK_MS, 1)
    taken.busy.push(await load(target, steady))
    paces.push((1_000 * (await stop())) / (performance.now() - begin))
    await market.indexed()
    console.log(`  round ${round} of ${rounds}`)
  }
  const p99 = (loads: Load[]) => median(loads.map((each) => each.p99))
  return [
    { figure: 'blocks indexed during the reads', unit: 'blocks/s', value: median(paces) },
    {
      figure: 'list, uncached, while indexing, p99',
      unit: 'ms',
      value: p99(taken.busy),
      baseline: p99(taken.idle),
      goal: { ratioAtMost: 2 },
    },
  ]
}

/** What reads cost where each block, five times a second, ends the answers in the cache, and is indexed beside them. */
async function readsBesideBase(market: LargeMarket): Promise<Measurement[]> {
  console.log('Reads, idle and beside five blocks a second')
  const targets = {
    'list, cached': { url: market.api.url, path: () => '/api/runs' },
    'filtered list, uncached': { url: market.api.url, path: (n: number) => `/api/runs?${openWithAnyReward(n)}` },
  }
  const taken = Object.entries(targets).map(([name, target]) => ({
    name,
    target,
    still: [] as number[],
    moving: [] as number[],
  }))
  const hitRates: number[] = []
  for (const { target } of taken) await load(target, full)
  for (let round = 1; round <= rounds; round++) {
    for (const { name, target, still, moving } of taken) {
      still.push((await load(target, full)).rps)
      const hits = await cachedAnswers(market)
      const stop = mineFastBlocks(market, BASE_BLOCK_MS, BLOCKS_A_LIFE)
      const { rps } = await load(target, full)
      await stop()
      moving.push(rps)
      if (name === 'list, cached') hitRates.push((100 * ((await cachedAnswers(market)) - hits)) / (rps * seconds))
      await market.indexed()
    }
    console.log(`  round ${round} of ${rounds}`)
  }
  const figures = taken.map(
    ({ name, still, moving }): Measurement => ({
      figure: `${name}, beside five blocks a second`,
      unit: 'rps',
      value: median(moving),
      baseline: median(still),
      goal: { ratioAtLeast: 0.8 },
    }),
  )
  return [...figures, { figure: 'of that cached list, from the cache', unit: '%', value: median(hitRates) }]
}

/** How many answers the API's cache has given. */
async function cachedAnswers({ api }: LargeMarket): Promise<number> {
  const metrics = await (await fetch(`${api.opsUrl}/metrics`)).text()
  const counts = metrics.matchAll(/^http_cached_answers_total\{.*\} (\d+)$/gm)
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
}

const query = `{ runs(orderBy: "bountyId", orderDirection: "desc", limit: 20) {
  items { bountyId posterAddress ipfsHash reward deadline state claimedBy createdAt } totalCount pageInfo { endCursor } } }`

async function besideGraphql(market: LargeMarket): Promise<Measurement[]> {
  console.log("The list, beside Ponder's GraphQL")
  const graphql = await market.startGraphql()
  try {
    const ours = { url: market.api.url, path: (n: number) => `/api/runs?minBlock=${n % blocksBefore}` }
    const theirs = { url: graphql.url, path: () => '/graphql', body: () => JSON.stringify({ query }) }
    const taken = await alternate({ ours, theirs }, { connections: 1, seconds }, { rounds })
    const figure = "list, uncached, beside Ponder's GraphQL, p50"
    return [{ figure, unit: 'ms', value: taken.ours.p50, baseline: taken.theirs.p50 }]
  } finally {
    await graphql.stop()
  }
}
