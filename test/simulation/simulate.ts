import { setTimeout as sleep } from 'node:timers/promises'
import { createActors } from './actors.ts'
import { type Api, request } from './api.ts'
import { auditTables } from './auditTables.ts'
import { type Availability, type Window, watchAvailability } from './availability.ts'
import { createClaimants } from './claimants.ts'
import { compareApi } from './compareApi.ts'
import { startEnvironment } from './environment.ts'
import { drawSchedule, type Schedule } from './faults/schedule.ts'
import { findDeficits } from './market.ts'
import { createOracle } from './oracle.ts'
import { play } from './play.ts'
import { createRandom, seedOf } from './random.ts'
import { startReader } from './reader.ts'
import { createRequests } from './requests.ts'
import { relaySettled, settled } from './settled.ts'
import { Tally } from './tally.ts'

/** How long the index may take to catch up after the last fault. */
const RECOVERY_MILLISECONDS = 120_000

export type SimulationOptions = {
  seed: number
  /** How long parties act and faults happen. */
  seconds: number
  /** The share of the RPC calls that meet a fault, from 0 to 1. */
  faultProbability: number
  /** Milliseconds between blocks; if absent, a block for each transaction. */
  blockTimeMs?: number | undefined
  /** The disturbances of chain, processes and database with their times; drawn from the random seed if absent. */
  schedule?: Schedule
  /** How many readers send requests to the API concurrently; one if absent. */
  readers?: number
}

export type Report = {
  /** The calls of the parties, and whether the contracts accepted them. */
  steps: Tally
  /** Reorgs, kills and other disturbances of chain, processes and database. */
  disturbances: Tally
  /** Faults between the node and its two clients, indexer and API. */
  faults: Tally
  /** How indexer and API ended, requested or not. */
  ends: Tally
  /** The API's answers to reads, and to what it relays. */
  answers: Tally
  relayed: Tally
  /** Blocks, including those that a reorg dropped, runs, agents, and checked answers. */
  totals: Tally
  /** The periods in which reads were refused because the index was not consistent. */
  windows: Window[]
  availability: Availability
  differences: string[]
}

/**
 * Lets parties act at random while the network is faulty, the chain reorgs, and processes and database are killed, and
 * checks every answer of the API in that time. At the end it compares the API with the chain, and audits the tables.
 * @throws if the index does not catch up, or a process cannot be restarted.
 */
export async function simulate({ seed, seconds, faultProbability, ...options }: SimulationOptions): Promise<Report> {
  const schedule = options.schedule ?? drawSchedule(createRandom(seedOf(seed, 'schedule')), seconds)
  await using parts = new AsyncDisposableStack()
  const environment = await startEnvironment({ seed, faultProbability, blockTimeMs: options.blockTimeMs })
  parts.defer(environment.stop)
  const { world, witness, api } = environment
  const oracle = createOracle(world)
  const posters = world.posters.map(({ address }) => address)
  const readers = Array.from({ length: options.readers ?? 1 }, (_, place) =>
    startReader({ api, oracle, witness, posters, random: createRandom(seedOf(seed, `reader ${place}`)) }),
  )
  for (const reader of readers) parts.defer(reader.stop)
  const watch = watchAvailability(api.url)
  parts.defer(watch.stop)
  const requests = createRequests(world, api)
  parts.defer(requests.stop)
  const claimants = createClaimants({
    world,
    requests,
    relayer: environment.relayer,
    random: createRandom(seedOf(seed, 'claims')),
  })
  const actors = createActors({
    world,
    requests,
    relayer: environment.relayer,
    random: createRandom(seedOf(seed, 'actions')),
  })
  const { steps, disturbances } = await play(environment, {
    seed,
    seconds,
    schedule,
    blockTimeMs: options.blockTimeMs,
    claimants,
    actors,
  })
  const misreported = await requests.differences(RECOVERY_MILLISECONDS)
  await relaySettled(environment.databaseUrl, world, RECOVERY_MILLISECONDS)
  await settled(environment.databaseUrl, world, { milliseconds: RECOVERY_MILLISECONDS, chainMoves: true }).catch(
    (cause) => {
      throw new Error(`The index does not catch up. The indexer's last output:\n${environment.indexer.output()}`, {
        cause,
      })
    },
  )
  await reachable(api)
  await Promise.all(readers.map((reader) => reader.stop()))
  await watch.stop()
  await witness.catchUp()
  const results = readers.map((reader) => reader.result())
  const final = await compareApi({ world, api, oracle, random: createRandom(seedOf(seed, 'end')) })
  const audited = await auditTables(environment)
  const deficits = await findDeficits(world)
  const checkedCount = results.reduce((sum, result) => sum + result.checkedCount, 0)
  return {
    steps,
    disturbances,
    faults: new Tally(environment.faults.flatMap((counts) => [...counts])),
    ends: environment.ends,
    answers: new Tally(readers.flatMap(({ outcomes }) => [...outcomes])),
    relayed: requests.answers,
    totals: new Tally(Object.entries({ blocks: witness.count(), ...final.counts, 'checked answers': checkedCount })),
    windows: watch.windows(),
    availability: watch.availability(),
    differences: [
      ...results.flatMap(({ differences }) => differences),
      ...misreported,
      ...final.differences,
      ...audited,
      ...deficits,
    ],
  }
}

/** Waits until the API answers again: it may have been killed just before. */
async function reachable(api: Api) {
  for (const limit = performance.now() + RECOVERY_MILLISECONDS; ; await sleep(100)) {
    try {
      await request(api, '/healthz')
      return
    } catch (error) {
      if (performance.now() > limit) throw error
    }
  }
}
