import { setTimeout as sleep } from 'node:timers/promises'
import { agents, type Leg, type LegOptions, record, warmUp, warmUpClients } from './claimsLeg.ts'
import { signAll, withMarket } from './claimsMarket.ts'
import { claimThroughApi } from './claimsTraffic.ts'
import { createCpuMeter } from './cpuMeter.ts'
import { median } from './figure.ts'
import { type Junk, junkRequests } from './junkRequests.ts'
import { type LoadResult, startLoad, statusesOf } from './startLoad.ts'

/** Delay of the honest claim, so that the API has received a junk claim from each connection before. */
const HEAD_START_PER_CONNECTION_MS = 0.2

/** The load ends after this time, even if requests are unanswered. */
const LOAD_LIMIT_SECONDS = 120

/**
 * One client with many connections; many clients; as many connections as claims, so that the API has all junk before
 * the honest claim; and wallets whose signatures are expensive for the node to check.
 */
const junks: (Junk & { what: string })[] = [
  { what: 'junk claims of its run', count: 1_500, addresses: 1, connections: 256 },
  { what: 'junk claims of its run', count: 1_500, addresses: 50, connections: 256 },
  { what: 'junk claims of its run', count: 1_500, addresses: 50, connections: 1_500 },
  { what: 'claims of its run by wallets that burn gas', count: 40, addresses: 40, connections: 40, burnsGas: true },
]

const nameOf = ({ what, count, addresses, connections }: (typeof junks)[number]) =>
  `${count} ${what} (addresses: ${addresses}, connections: ${connections})`

/** From a CPU profile of the API, one half of it with refusals for the signature, the other with refusals for the run. */
const limit = `beside junk claims: before its transaction is sent, an honest claim waits until one claim of each other address is read and
refused. A refusal for the signature takes 1.5 ms of the API's CPU, one for the run 0.6 ms: 14 % are calls of the node, 12 % the
recovery of the signer, 12 % look-ups in PostgreSQL, 10 % the log, 9 % garbage collection, 6 % the answer, 6 % hashes, 4 % the
schema of the body. The index polls every 100 ms, so a claim that is mined just after a poll takes up to 100 ms longer.`

/**
 * An honest claim while junk claims of its run are posted: well-formed claims, each signed by another key than its
 * wallet's. The baseline is a claim without junk, in the same market.
 */
export function junkLeg({ postgres, mining, trials, say }: LegOptions): Leg {
  const samples = junks.map((junk) => ({
    junk,
    beside: [] as number[],
    repeats: [] as number[],
    loads: [] as LoadResult[],
    meter: createCpuMeter(),
  }))
  const alone: number[] = []

  async function round() {
    const runs = warmUp + junks.length * trials * 3
    const env = { TRUST_PROXY: '1' }
    await withMarket(postgres, { mining, runs, agents, replicas: 1, env }, async (market) => {
      const claims = await signAll(market, runs)
      await claimThroughApi(market, claims.splice(0, warmUp), warmUpClients)
      for (let trial = 1; trial <= trials; trial++) {
        for (const { junk, beside, repeats, loads, meter } of samples) {
          say(`trial ${trial} of ${trials}: an honest claim beside ${nameOf(junk)}`)
          const [ahead, control, honest] = claims.splice(0, 3)
          if (!ahead || !control || !honest) throw new Error('The market has too few runs')
          const { bountyId, agentId } = honest
          const requests = await junkRequests(market, junk, bountyId, agentId)
          using load = await startLoad({
            url: market.urls[0] ?? '',
            connections: junk.connections,
            requests,
            most: requests.length,
            seconds: LOAD_LIMIT_SECONDS,
          })
          // Each claim follows the answer to another one, so all start at the same point of the block and polling
          // intervals.
          await claimThroughApi(market, [ahead], 1)
          const { milliseconds: undisturbed } = await claimThroughApi(market, [control], 1)
          alone.push(record('alone, ms', undisturbed))
          const { milliseconds, again } = await meter.during({ ...market.pids, 'load client': load.pid }, async () => {
            await load.begin()
            await sleep(HEAD_START_PER_CONNECTION_MS * junk.connections)
            return claimThroughApi(market, [honest], 1)
          })
          beside.push(record('beside junk, ms', milliseconds))
          repeats.push(again)
          const ended = await load.ended
          if (ended.statuses[200]) throw new Error(`${ended.statuses[200]} junk claims of run ${bountyId} were won`)
          loads.push(ended)
        }
      }
    })
  }

  function result() {
    return {
      measurements: samples.map(({ junk, beside }) => ({
        figure: `honest claim beside ${nameOf(junk)}, ${mining}`,
        unit: 'ms',
        value: median(beside),
        baseline: median(alone),
        goal: { ratioAtMost: 2 },
      })),
      notes: [
        ...samples.map(({ junk, repeats, loads, meter }) => {
          const seconds = (median(loads.map(({ milliseconds }) => milliseconds)) / 1_000).toFixed(1)
          return `beside ${nameOf(junk)}, ${mining}: all junk was answered after ${seconds} s, ${statusesOf(loads)}; the honest claim was sent again for a 202 or 503 ${repeats.join(', ')} times; until its answer ${meter.shares()}`
        }),
        // With 1 s blocks the wait for a block hides it.
        ...(mining === 'automine' ? [limit] : []),
      ],
    }
  }

  return { round, result }
}
