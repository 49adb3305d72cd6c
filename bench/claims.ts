/**
 * Claims through the API, each figure beside what the same claims take without it: signed beforehand as transactions of
 * their own, sent to the same kind of Anvil, and seen by a bare poll of the index; and honest claims beside hostile
 * traffic, beside what they take alone. Every leg has a chain, a database, an indexer and APIs of its own; the legs of a
 * round follow each other, and of the rounds the medians count.
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

const claims = Number(process.env.BENCH_CLAIMS ?? 1_000)
const rounds = Number(process.env.BENCH_ROUNDS ?? 5)

/** A round of latencies and throughputs takes ten minutes with 1 s blocks, and three on automine. */
const minings = chosen('BENCH_MINING', ['automine', '1 s blocks'] as const satisfies Mining[])

const legs = {
  latency: latencyLeg,
  throughput: throughputLeg,
  junk: junkLeg,
  flood: floodLeg,
  junkCost: junkCostLeg,
} satisfies Record<string, (options: LegOptions) => Leg>

type LegName = keyof typeof legs

const names = chosen('BENCH_LEGS', Object.keys(legs) as LegName[])

/** Every round starts their markets anew. The other legs repeat what they measure within one market. */
const inRounds = new Set<LegName>(['latency', 'throughput'])

/** A commit of a claim costs what it costs an operator. */
const durable = { fsync: 'on', full_page_writes: 'on' }

export async function measure() {
  await using parts = new AsyncDisposableStack()
  const postgres = await startPostgres({ settings: durable })
  parts.defer(postgres.stop)
  const results: LegResult[] = []
  for (const mining of minings) {
    let progress: string = mining
    const say = (line: string) => console.log(`${progress}: ${line}`)
    const options = { postgres, mining, claims, trials: rounds, say }
    const running = names
      // The node mines nothing while junk is counted, so one kind of mining is enough.
      .filter((name) => name !== 'junkCost' || mining === minings[0])
      .map((name) => ({ name, leg: legs[name](options) }))
    for (let round = 1; round <= rounds; round++) {
      progress = `${mining}, round ${round} of ${rounds}`
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
      'Clients, API, indexer, node and PostgreSQL share the cores of one machine: the CPU shares below say what each figure is bound by.',
      ...results.flatMap(({ notes }) => notes),
    ],
  }
}

/** Those that an environment variable names, comma-separated; all if it is absent. @throws if it names something else. */
function chosen<Name extends string>(variable: string, all: readonly Name[]): Name[] {
  const asked = process.env[variable]?.split(',') ?? all
  const unknown = asked.filter((name) => !all.some((known) => known === name))
  if (unknown.length > 0) throw new Error(`${variable} is ${unknown}; it may be some of: ${all.join(', ')}`)
  return all.filter((name) => asked.includes(name))
}
