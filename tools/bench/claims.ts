/**
 * Claims through the API. The baseline of each figure is the same claims without the API: each signed beforehand as a
 * transaction, sent to the same kind of Anvil, and polled for in the index. For honest claims under hostile traffic,
 * the baseline is the same claims without that traffic. Every leg has its own chain, database, indexer and APIs. The
 * legs of a round run one after the other, and the figures are medians of the rounds.
 *
 * BENCH_LEGS and BENCH_MINING choose what runs, BENCH_ROUNDS how often, BENCH_CLAIMS with how many claims.
 */
import { startPostgres } from '../devnet/postgres.ts'
import { floodLeg } from './claimsFlood.ts'
import { junkLeg } from './claimsJunk.ts'
import { junkCostLeg } from './claimsJunkCost.ts'
import { latencyLeg } from './claimsLatency.ts'
import type { Leg, LegOptions, LegResult } from './claimsLeg.ts'
import type { Mining } from './claimsMarket.ts'
import { throughputLeg } from './claimsThroughput.ts'
import { isQuick, workload } from './workload.ts'

const { claims, rounds, longRounds } = workload

const kinds = ['automine', '1 s blocks'] as const satisfies Mining[]
const minings = chosen('BENCH_MINING', kinds, isQuick ? ['automine'] : kinds)

const legs = {
  latency: latencyLeg,
  throughput: throughputLeg,
  junk: junkLeg,
  flood: floodLeg,
  junkCost: junkCostLeg,
} satisfies Record<string, (options: LegOptions) => Leg>

type LegName = keyof typeof legs

const all = Object.keys(legs) as LegName[]

/** A look does without the legs whose figures seldom change. */
const names = chosen('BENCH_LEGS', all, isQuick ? ['latency', 'throughput', 'junk'] : all)

/** Legs that start a new market in every round. The others repeat their measurement within one market. */
const inRounds = new Set<LegName>(['latency', 'throughput'])

const bounds = `Throughput on automine is bound by the two cores, which are nearly full, and varies by a fourth from round to round. With
1 s blocks, the answers for a full block take a part of the next second, so that some clients' next claims miss the next
block. Beside 1,500 connections, the API's one thread accepts connections and parses requests before the honest claim.`

/** PostgreSQL's defaults, so that a commit costs as much as in production. */
const durable = { fsync: 'on', full_page_writes: 'on' }

export async function measure() {
  await using parts = new AsyncDisposableStack()
  const postgres = await startPostgres({ settings: durable })
  parts.defer(postgres.stop)
  const results: LegResult[] = []
  for (const mining of minings) {
    let progress: string = mining
    const say = (line: string) => console.log(`${progress}: ${line}`)
    // With 1 s blocks the wait for a block hides most of what other traffic costs, so one trial shows it.
    const trials = mining === 'automine' ? rounds : 1
    const options = { postgres, mining, claims, trials, say }
    const running = names
      // This leg mines no block while it measures, so one kind of mining is enough.
      .filter((name) => name !== 'junkCost' || mining === minings[0])
      .map((name) => ({ name, leg: legs[name](options) }))
    // A round of latencies and throughputs takes four minutes with 1 s blocks.
    const most = mining === 'automine' ? rounds : longRounds
    for (let round = 1; round <= most; round++) {
      progress = `${mining}, round ${round} of ${most}`
      for (const { name, leg } of running) if (inRounds.has(name)) await leg.round()
    }
    progress = mining
    for (const { name, leg } of running) if (!inRounds.has(name)) await leg.round()
    results.push(...running.map(({ leg }) => leg.result()))
  }
  return {
    measurements: results.flatMap(({ measurements }) => measurements),
    notes: [
      'PostgreSQL runs with fsync=on and full_page_writes=on.',
      'Clients, API, indexer, node and PostgreSQL share the cores of one machine: the CPU shares below show what limits each figure.',
      bounds,
      ...results.flatMap(({ notes }) => notes),
    ],
  }
}

/** The names in a comma-separated environment variable; `usual` if it is absent. @throws if it has an unknown name. */
function chosen<Name extends string>(variable: string, all: readonly Name[], usual: readonly Name[]): Name[] {
  const asked = process.env[variable]?.split(',') ?? usual
  const unknown = asked.filter((name) => !all.some((known) => known === name))
  if (unknown.length > 0) throw new Error(`${variable} is ${unknown}; it may be some of: ${all.join(', ')}`)
  return all.filter((name) => asked.includes(name))
}
