import { accountOf, roles } from '../devnet/accounts.ts'
import { costSince } from './claimsCost.ts'
import { agents, type Leg, type LegOptions, record, warmUp, warmUpClients } from './claimsLeg.ts'
import { type ClaimsMarket, type SignedClaim, signAll, withMarket } from './claimsMarket.ts'
import { claimRawAtOnce, claimRawOneByOne, claimThroughApi, post, signRaw } from './claimsTraffic.ts'
import { createCpuMeter } from './cpuMeter.ts'
import { median, percentile, slowest } from './figure.ts'

/** How many claims are made one by one with 1 s blocks, where each takes a block. */
const TIMED_CLAIMS = 15

/**
 * How many hot runs a round has. The indexer polls every 100 ms, so a hot run takes 100 ms more if its claim is mined
 * just after a poll, and a median of few would change with that.
 */
const HOT_RUNS = 5

/**
 * Claims one by one: through the API, and as raw transactions whose rows a poll waits for. Then all agents claim one
 * run at once, several times.
 */
export function latencyLeg({ postgres, mining, claims: throughputClaims, say }: LegOptions): Leg {
  const count = mining === 'automine' ? Math.ceil(throughputClaims / 5) : TIMED_CLAIMS
  const size = { mining, runs: warmUp + count + 2 * HOT_RUNS, agents }
  const meter = createCpuMeter()
  // Of all rounds, of which one has few.
  const raw: number[] = []
  const ours: number[] = []
  const hot: number[] = []

  async function round() {
    say(`${count} claims, one by one, without the API`)
    await withMarket(postgres, { ...size, replicas: 0 }, async (market) => {
      const claims = await signAll(market, warmUp + count)
      const [raws = []] = await signRaw(market, claims, [accountOf(roles.relayer)])
      await claimRawAtOnce(market, [raws.slice(0, warmUp)])
      const latencies = await claimRawOneByOne(market, raws.slice(warmUp), claims.slice(warmUp))
      record('p50, ms', percentile(latencies, 0.5))
      raw.push(...latencies)
    })
    say(`${count} claims, one by one, and then ${agents} agents for one run, ${HOT_RUNS} times`)
    await withMarket(postgres, { ...size, replicas: 1 }, async (market) => {
      const claims = await signAll(market, warmUp + count + HOT_RUNS)
      await claimThroughApi(market, claims.slice(0, warmUp), warmUpClients)
      const measured = claims.slice(warmUp, -HOT_RUNS)
      const { latencies } = await meter.during(market.pids, () => claimThroughApi(market, measured, 1))
      record('p50, ms', percentile(latencies, 0.5))
      ours.push(...latencies)
      for (const [place, ahead] of claims.slice(-HOT_RUNS).entries())
        hot.push(record('hot run, ms', await hotRun(market, ahead, BigInt(claims.length + place + 1))))
    })
  }

  function result() {
    const named = (figure: string) => ({ figure: `${figure}, ${mining}`, unit: 'ms' })
    const p50 = median(ours)
    const tail = slowest(ours)
    return {
      measurements: [
        { ...named('latency p50'), value: p50, baseline: median(raw), goal: { ratioAtMost: 1.2 } },
        {
          ...named(`latency ${tail.name}`),
          value: tail.value,
          baseline: slowest(raw).value,
          goal: { ratioAtMost: 1.5 },
        },
        {
          ...named(`hot run, last of ${agents} answers`),
          value: median(hot),
          baseline: p50,
          goal: { ratioAtMost: 1.5 },
        },
      ],
      notes: [`latency, ${mining}: ${meter.shares()}`],
    }
  }

  return { round, result }
}

/**
 * All agents claim one run at once, under the conditions of the single claims that are the baseline: each agent has an
 * open connection, from a read of the run, and another claim has just been answered, so that the indexer is at the same
 * point of its polling interval.
 * @returns the milliseconds until all are answered.
 */
async function hotRun(market: ClaimsMarket, ahead: SignedClaim, bountyId: bigint) {
  const [url = ''] = market.urls
  await Promise.all(market.agents.map(async () => (await fetch(`${url}/api/runs/${bountyId}`)).json()))
  const before = await market.client.getBlockNumber({ cacheTime: 0 })
  const claims = await Promise.all(market.agents.map((agent) => market.sign(bountyId, agent)))
  await claimThroughApi(market, [ahead], 1)
  const start = performance.now()
  const answers = await Promise.all(claims.map((claim) => post(url, claim)))
  const milliseconds = performance.now() - start
  const winners = answers.filter(({ status }) => status === 200).map(({ body }) => body.run.claimedBy)
  const losers = answers.filter(
    ({ status, body }) => status === 400 && body.code === 'RUN_NOT_OPEN' && body.claimedBy === winners[0],
  )
  const { reverted } = await costSince(market, before)
  if (winners.length === 1 && losers.length === agents - 1 && reverted === 0) return milliseconds
  const seen = answers.map(({ status, body }) => `${status} ${body.code ?? ''}`)
  throw new Error(`A hot run must have one winner and no reverts, got ${reverted} reverts and: ${[...new Set(seen)]}`)
}
