import { setTimeout as sleep } from 'node:timers/promises'
import { type Api, compareApi, request } from './api.ts'
import { createClaimants } from './claimants.ts'
import { compareRoutes } from './compareRoutes.ts'
import { compareTables } from './compareTables.ts'
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
  differences: Difference[]
}

/**
 * Lets parties act at random for a while, with a faulty network between indexer and node, reorgs, and processes and
 * database that die; judges each answer of the API meanwhile; and in the end holds index and API against the chain, and
 * the tables against those of an indexer that saw nothing but the final chain.
 * @throws if the index does not come to rest, or a part cannot be started again.
 */
export async function simulate({ seed, seconds, faultProbability }: SimulationOptions): Promise<Report> {
  await using parts = new AsyncDisposableStack()
  const stand = await startStand({ seed, faultProbability })
  parts.defer(stand.stop)
  const { world, witness, api } = stand
  const reader = startReader({ api, witness, random: createRandom(seedOf(seed, 'reader')) })
  parts.defer(reader.stop)
  const claimants = createClaimants({
    world,
    api,
    relayer: stand.relayer,
    random: createRandom(seedOf(seed, 'claims')),
  })
  parts.defer(claimants.stop)
  const { steps, disturbances } = await play(stand, { seed, seconds, claimants, reader })
  const misreported = await claimants.verdict(RECOVERY)
  await settled(stand.databaseUrl, world, { milliseconds: RECOVERY, chainMoves: true }).catch((cause) => {
    throw new Error(`The index does not recover. The indexer's last output:\n${stand.indexer.output()}`, { cause })
  })
  await reachable(api)
  await reader.stop()
  await witness.catchUp()
  const { judged, differences } = reader.verdict()
  const final = await judgeEnd(stand)
  differences.push(...misreported, ...final.differences)
  const totals = new Tally([...Object.entries(witness.counts()), ...final.counts, ['judged answers', judged]])
  const faults = new Tally(stand.faults.flatMap((counts) => [...counts]))
  return {
    steps,
    disturbances,
    faults,
    ends: stand.ends,
    answers: reader.outcomes,
    claims: claimants.answers,
    totals,
    differences,
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
  const truth = await readTruth(world, await world.reader.getBlockNumber({ cacheTime: 0 }))
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
