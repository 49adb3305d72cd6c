/**
 * Claims through the API, each figure beside what the same claims take without it: signed beforehand as transactions of
 * their own, sent to the same kind of Anvil, and seen by a bare poll of the index. Every leg has a chain, a database, an
 * indexer and APIs of its own; the legs of a round follow each other, and of the rounds the medians count.
 */
import { accountOf, roles } from '../devnet/accounts.ts'
import { type Postgres, startPostgres } from '../devnet/postgres.ts'
import { costSince } from './claimsCost.ts'
import { type ClaimsMarket, type Mining, type SignedClaim, startClaimsMarket } from './claimsMarket.ts'
import { claimRawAtOnce, claimRawOneByOne, claimThroughApi, post, signRaw } from './claimsTraffic.ts'
import { type Measurement, median, percentile } from './figure.ts'

const crowdClaims = Number(process.env.BENCH_CLAIMS ?? 1_000)
const rounds = Number(process.env.BENCH_ROUNDS ?? 5)
const singleClaims = Math.ceil(crowdClaims / 5)
/** Made first in every leg, and not measured: no process is new to its work then. */
const warmUp = 20
const clients = 256
const rivals = 100
/** Those that hold ETH and have no role. */
const senders = Array.from({ length: 16 }, (_, index) => accountOf(2 + index))

/** One of them alone by its name: a round of 1 s blocks takes eight minutes, one of automine two. */
const minings = (['automine', '1 s blocks'] as const satisfies Mining[]).filter(
  (mining) => (process.env.BENCH_MINING ?? mining) === mining,
)
/** Without batches, as many transactions must fit between two blocks as there are clients. */
const batchingOff = { MAX_BATCH: '1', MAX_UNMINED: String(clients) }

/**
 * Of automine alone. Where a block takes a second, each client has one claim in a block at most, whatever the API does,
 * and the senders without it are bound by the block's gas alone.
 */
const throughputGoals = { batched: { ratioAtLeast: 2 }, single: { ratioAtLeast: 0.8 } }

/** The values of the rounds. */
type Samples = Record<
  'p50' | 'p99' | 'rawP50' | 'rawP99' | 'hot' | 'batched' | 'single' | 'raw' | 'gas' | 'rawGas',
  number[]
>

export async function measure() {
  await using parts = new AsyncDisposableStack()
  const postgres = await startPostgres()
  parts.defer(postgres.stop)
  const samples = Object.fromEntries(minings.map((mining) => [mining, emptySamples()])) as Record<Mining, Samples>
  const notes = new Set<string>()
  for (const mining of minings) {
    for (let round = 1; round <= rounds; round++) {
      const say = (leg: string) => console.log(`${mining}, round ${round} of ${rounds}: ${leg}`)
      await measureLatency(postgres, mining, samples[mining], say)
      await measureThroughput(postgres, mining, samples[mining], say, notes)
    }
  }
  return { measurements: minings.flatMap((mining) => figuresOf(mining, samples[mining])), notes: [...notes] }
}

const emptySamples = (): Samples => ({
  ...{ p50: [], p99: [], rawP50: [], rawP99: [], hot: [] },
  ...{ batched: [], single: [], raw: [], gas: [], rawGas: [] },
})

async function measureLatency(postgres: Postgres, mining: Mining, samples: Samples, say: (leg: string) => void) {
  const size = { mining, runs: warmUp + singleClaims + 2, agents: rivals }
  say(`${singleClaims} claims, one by one, without the API`)
  await withMarket(postgres, { ...size, replicas: 0 }, async (market) => {
    const claims = await signAll(market, warmUp + singleClaims)
    const [raws = []] = await signRaw(market, claims, [accountOf(roles.relayer)])
    const latencies = (await claimRawOneByOne(market, raws, claims)).slice(warmUp)
    samples.rawP50.push(tell('p50, ms', percentile(latencies, 0.5)))
    samples.rawP99.push(tell('p99, ms', percentile(latencies, 0.99)))
  })
  say(`${singleClaims} claims, one by one, and then ${rivals} agents for one run`)
  await withMarket(postgres, { ...size, replicas: 1 }, async (market) => {
    const claims = await signAll(market, warmUp + singleClaims + 1)
    const claimed = await claimThroughApi(market, claims.slice(0, -1), 1)
    const latencies = claimed.latencies.slice(warmUp)
    samples.p50.push(tell('p50, ms', percentile(latencies, 0.5)))
    samples.p99.push(tell('p99, ms', percentile(latencies, 0.99)))
    samples.hot.push(tell('hot run, ms', await hotRun(market, claims.slice(-1), BigInt(warmUp + singleClaims + 2))))
  })
}

/** A round takes minutes: whoever waits for the medians sees each value as it comes. */
function tell(what: string, value: number) {
  console.log(`  ${what}: ${value.toFixed(1)}`)
  return value
}

/**
 * All agents claim one run at once, and meet what the claims have met whose latency that is compared with: each has a
 * connection, by which it has read the run before, and another claim's answer has just come, so that the indexer is at
 * the same point of its polling interval.
 * @returns the milliseconds until all have their answers.
 */
async function hotRun(market: ClaimsMarket, ahead: SignedClaim[], bountyId: bigint) {
  const [url = ''] = market.urls
  await Promise.all(market.agents.map(async () => (await fetch(`${url}/api/runs/${bountyId}`)).json()))
  const before = await market.client.getBlockNumber({ cacheTime: 0 })
  const claims = await Promise.all(market.agents.map((agent) => market.sign(bountyId, agent)))
  await claimThroughApi(market, ahead, 1)
  const start = performance.now()
  const answers = await Promise.all(claims.map((claim) => post(url, claim)))
  const milliseconds = performance.now() - start
  const winners = answers.filter(({ status }) => status === 200).map(({ body }) => body.run.claimedBy)
  const losers = answers.filter(
    ({ status, body }) => status === 400 && body.code === 'RUN_NOT_OPEN' && body.claimedBy === winners[0],
  )
  const { reverted } = await costSince(market, before)
  if (winners.length === 1 && losers.length === rivals - 1 && reverted === 0) return milliseconds
  const seen = answers.map(({ status, body }) => `${status} ${body.code ?? ''}`)
  throw new Error(`A hot run has one winner and no reverts, not ${reverted} and: ${[...new Set(seen)].join(', ')}`)
}

async function measureThroughput(
  postgres: Postgres,
  mining: Mining,
  samples: Samples,
  say: (leg: string) => void,
  notes: Set<string>,
) {
  const size = { mining, runs: warmUp + crowdClaims, agents: rivals }
  say(`${crowdClaims} claims by ${senders.length} senders, without the API`)
  await withMarket(postgres, { ...size, replicas: 0 }, async (market) => {
    const { number: before, gasLimit } = await market.client.getBlock()
    const bound = mining === 'automine' ? '' : `; ${clients} clients have as many claims in a block at most`
    notes.add(`${mining}: block gas limit ${gasLimit.toLocaleString('en-US')}${bound}`)
    const claims = await signAll(market, warmUp + crowdClaims)
    const [first, rest] = [claims.slice(0, warmUp), claims.slice(warmUp)]
    await claimRawAtOnce(market, await signRaw(market, first, senders))
    samples.raw.push(tell('claims/s', perSecond(await claimRawAtOnce(market, await signRaw(market, rest, senders)))))
    const { gas, claims: made } = await costSince(market, before)
    samples.rawGas.push(gas / made)
  })
  for (const [how, env] of [
    ['batched', {}],
    ['single', batchingOff],
  ] as const) {
    say(`${crowdClaims} claims by ${clients} clients, ${how}`)
    await withMarket(postgres, { ...size, replicas: 2, env }, async (market) => {
      const before = await market.client.getBlockNumber({ cacheTime: 0 })
      const signed = await signAll(market, warmUp + crowdClaims)
      await claimThroughApi(market, signed.slice(0, warmUp), 2)
      const { milliseconds, again } = await claimThroughApi(market, signed.slice(warmUp), clients)
      samples[how].push(tell('claims/s', perSecond(milliseconds)))
      const { gas, claims, transactions } = await costSince(market, before)
      if (how === 'batched') samples.gas.push(gas / claims)
      const perTransaction = (claims / transactions).toFixed(1)
      console.log(`  ${perTransaction} claims a transaction; ${again} requests were repeated for a 202 or 503`)
    })
  }
}

const perSecond = (milliseconds: number) => crowdClaims / (milliseconds / 1_000)

async function withMarket(
  postgres: Postgres,
  options: Parameters<typeof startClaimsMarket>[1],
  use: (market: ClaimsMarket) => Promise<void>,
) {
  const market = await startClaimsMarket(postgres, options)
  try {
    await use(market)
  } finally {
    await market.stop()
  }
}

/** A claim of each of the first runs, the agents taking turns. */
function signAll({ agents, sign }: ClaimsMarket, count: number): Promise<SignedClaim[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) => {
      const agent = agents[index % agents.length]
      if (!agent) throw new Error('The market has no agents')
      return sign(BigInt(index + 1), agent)
    }),
  )
}

function figuresOf(mining: Mining, samples: Samples): Measurement[] {
  const middle = Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, median(values)]))
  const { p50, p99, rawP50, rawP99, hot, batched, single, raw, gas, rawGas } = middle as Record<keyof Samples, number>
  const goals = (how: keyof typeof throughputGoals) => (mining === 'automine' ? { goal: throughputGoals[how] } : {})
  const named = (figure: string, unit: string) => ({ figure: `${figure}, ${mining}`, unit })
  return [
    { ...named('latency p50', 'ms'), value: p50, baseline: rawP50, goal: { ratioAtMost: 1.2 } },
    { ...named('latency p99', 'ms'), value: p99, baseline: rawP99, goal: { ratioAtMost: 1.5 } },
    { ...named('throughput', 'claims/s'), value: batched, baseline: raw, ...goals('batched') },
    { ...named('throughput, batching off', 'claims/s'), value: single, baseline: raw, ...goals('single') },
    { ...named('gas per claim', 'gas'), value: gas, baseline: rawGas, goal: { ratioAtMost: 0.75 } },
    { ...named(`hot run, last of ${rivals} answers`, 'ms'), value: hot, baseline: p50, goal: { ratioAtMost: 1.5 } },
  ]
}
