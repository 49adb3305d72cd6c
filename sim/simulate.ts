import { setTimeout as sleep } from 'node:timers/promises'
import { type Api, compareApi, request } from './api.ts'
import { type Window, watchAvailability } from './availability.ts'
import { createClaimants } from './claimants.ts'
import { compareRoutes } from './compareRoutes.ts'
import { compareTables } from './compareTables.ts'
import { drawSchedule, type Schedule } from './faults/schedule.ts'
import { type Difference, readTruth } from './oracle.ts'
import { play } from './play.ts'
import { createRandom, seedOf } from './random.ts'
import { startReader } from './reader.ts'
import { settled } from './settled.ts'
import { type Stand, startStand } from './stand.ts'
import { Tally } from './tally.ts'

/** How long the index may take to come to rest after the last fault. Milliseconds. */
const RECOVERY = 120_000

export type SimulationOptions = {
  seed: number
  /** How long parties act and faults happen. */
  seconds: number
  /** The part of the indexer's RPC calls that meet a fault, from 0 to 1. */
  faultProbability: number
  /** What happens to chain, processes and database, and when; drawn from the seed if absent. */
  schedule?: Schedule
  /** How many ask the API at the same time; one if absent. */
  readers?: number
}

export type Report = {
  /** What parties did, and whether the contracts took it. */
  steps: Tally
  /** Reorgs, kills, and what else happened to chain, processes and database. */
  disturbances: Tally
  /** Faults of the network between indexer and node. */
  faults: Tally
  /** How indexer and API ended, asked or not. */
  ends: Tally
  /** What the API answered while all this went on, and what those who claimed through it. */
  answers: Tally
  claims: Tally
  /** Blocks, events of the market, runs, agents, and answers that were judged. Reorged blocks and events count too. */
  totals: Tally
  /** When reads were refused because the index was not in order. */
  windows: Window[]
  differences: Difference[]
}

/**
 * Lets parties act at random for a while, with a faulty network between indexer and node, reorgs, and processes and
 * database that die; judges each answer of the API meanwhile; and in the end holds index and API against the chain, and
 * the tables against those of an indexer that saw nothing but the final chain.
 * @throws if the index does not come to rest, or a part cannot be started again.
 */
export async function simulate({ seed, seconds, faultProbability, ...options }: SimulationOptions): Promise<Report> {
  const schedule = options.schedule ?? drawSchedule(createRandom(seedOf(seed, 'schedule')), seconds)
  await using parts = new AsyncDisposableStack()
  const stand = await startStand({ seed, faultProbability })
  parts.defer(stand.stop)
  const { world, witness, api } = stand
  const posters = world.posters.map(({ address }) => address)
  const readers = Array.from({ length: options.readers ?? 1 }, (_, place) =>
    startReader({ api, witness, posters, random: createRandom(seedOf(seed, `reader ${place}`)) }),
  )
  for (const reader of readers) parts.defer(reader.stop)
  const availability = watchAvailability(api.url)
  parts.defer(availability.stop)
  const claimants = createClaimants({
    world,
    api,
    relayer: stand.relayer,
    random: createRandom(seedOf(seed, 'claims')),
  })
  parts.defer(claimants.stop)
  const { steps, disturbances } = await play(stand, { seed, seconds, schedule, claimants, readers })
  const misreported = await claimants.verdict(RECOVERY)
  await settled(stand.databaseUrl, world, { milliseconds: RECOVERY, chainMoves: true }).catch((cause) => {
    throw new Error(`The index does not recover. The indexer's last output:\n${stand.indexer.output()}`, { cause })
  })
  await reachable(api)
  await Promise.all(readers.map((reader) => reader.stop()))
  await availability.stop()
  await witness.catchUp()
  const verdicts = readers.map((reader) => reader.verdict())
  const final = await judgeEnd(stand)
  const judged = verdicts.reduce((sum, verdict) => sum + verdict.judged, 0)
  return {
    steps,
    disturbances,
    faults: new Tally(stand.faults.flatMap((counts) => [...counts])),
    ends: stand.ends,
    answers: new Tally(readers.flatMap(({ outcomes }) => [...outcomes])),
    claims: claimants.answers,
    totals: new Tally([...Object.entries(witness.counts()), ...final.counts, ['judged answers', judged]]),
    windows: availability.windows(),
    differences: [...verdicts.flatMap(({ differences }) => differences), ...misreported, ...final.differences],
  }
}

/** Waits until the API answers again, which may have been killed just now. */
async function reachable(api: Api) {
  for (const limit = performance.now() + RECOVERY; ; await sleep(100)) {
    try {
      await request(api, '/healthz')
      return
    } catch (error) {
      if (performance.now() > limit) throw error
    }
  }
}

async function judgeEnd(stand: Stand) {
  const { world, api, databaseUrl } = stand
  const truth = await readTruth(world, await world.node.getBlockNumber({ cacheTime: 0 }))
  const differences = await compareApi(api, truth)
  const fresh = await stand.startFreshMarket()
  try {
    await settled(fresh.databaseUrl, world, { milliseconds: RECOVERY, chainMoves: false })
    differences.push(...(await compareTables(fresh.databaseUrl, databaseUrl)))
    differences.push(...(await compareRoutes(fresh.api, api, truth)))
  } finally {
    await fresh.stop()
  }
  return { differences, counts: Object.entries({ runs: truth.runs.size, agents: truth.agents.size }) }
}
