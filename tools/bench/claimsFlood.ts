import { agents, type Leg, type LegOptions, record, warmUp, warmUpClients } from './claimsLeg.ts'
import { type ClaimsMarket, type SignedClaim, signAll, withMarket } from './claimsMarket.ts'
import { claimThroughApi } from './claimsTraffic.ts'
import { createCpuMeter } from './cpuMeter.ts'
import { median, percentile } from './figure.ts'
import { type LoadResult, startLoad, statusesOf } from './startLoad.ts'

const CONNECTIONS = 64

/** The flood ends at these limits, even if the claims are not done. */
const MOST_REQUESTS = 5_000_000
const LIMIT_SECONDS = 300

const readyz = { method: 'GET' as const, path: '/readyz', headers: { 'X-Forwarded-For': '203.0.113.1' } }

/** Honest claims one by one, first alone, then while other clients request /readyz in a closed loop. */
export function floodLeg({ postgres, mining, trials, say }: LegOptions): Leg {
  const count = mining === 'automine' ? 30 : 6
  const alone: number[] = []
  const beside: number[] = []
  const loads: LoadResult[] = []
  const meter = createCpuMeter()

  async function round() {
    const runs = warmUp + 2 * count * trials
    const env = { TRUST_PROXY: '1', PROBES_PER_MINUTE: '600' }
    await withMarket(postgres, { mining, runs, agents, replicas: 1, env }, async (market) => {
      const claims = await signAll(market, runs)
      await claimThroughApi(market, claims.splice(0, warmUp), warmUpClients)
      for (let trial = 1; trial <= trials; trial++) {
        say(
          `trial ${trial} of ${trials}: ${count} claims one by one, alone and beside ${CONNECTIONS} clients of /readyz`,
        )
        await measureTrial(market, claims.splice(0, count), claims.splice(0, count))
      }
    })
  }

  async function measureTrial(market: ClaimsMarket, control: SignedClaim[], measured: SignedClaim[]) {
    const undisturbed = await claimThroughApi(market, control, 1)
    alone.push(record('alone, p50, ms', percentile(undisturbed.latencies, 0.5)))
    using load = await startLoad({
      url: market.urls[0] ?? '',
      connections: CONNECTIONS,
      requests: Array.from({ length: CONNECTIONS }, () => readyz),
      most: MOST_REQUESTS,
      seconds: LIMIT_SECONDS,
    })
    await load.begin()
    const pids = { ...market.pids, 'load client': load.pid }
    const disturbed = await meter.during(pids, () => claimThroughApi(market, measured, 1))
    if (load.isOver()) throw new Error('The flood of /readyz ended before the claims were done')
    beside.push(record('beside the flood, p50, ms', percentile(disturbed.latencies, 0.5)))
    loads.push(await load.stop())
  }

  function result() {
    const rates = loads.map(({ statuses, milliseconds }) => {
      const requests = Object.values(statuses).reduce((sum, status) => sum + status, 0)
      return requests / (milliseconds / 1_000)
    })
    const name = `honest claim beside ${CONNECTIONS} clients of /readyz`
    return {
      measurements: [
        {
          figure: `${name}, p50, ${mining}`,
          unit: 'ms',
          value: median(beside),
          baseline: median(alone),
          goal: { ratioAtMost: 2 },
        },
      ],
      notes: [
        `${name}, ${mining}: ${Math.round(median(rates)).toLocaleString('en-US')} requests/s, ${statusesOf(loads)}; ${meter.shares()}`,
      ],
    }
  }

  return { round, result }
}
