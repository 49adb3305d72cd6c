import { setTimeout as sleep } from 'node:timers/promises'
import { act } from './activity.ts'
import type { Actors } from './actors.ts'
import type { Claimants } from './claimants.ts'
import type { Environment } from './environment.ts'
import { disturb } from './faults/disturb.ts'
import type { Disturbance, Schedule } from './faults/schedule.ts'
import { createRandom, seedOf } from './random.ts'
import { Tally } from './tally.ts'

/**
 * Of a chain that mines each transaction, on average, while nothing disturbs it. A chain as fast as the machine would leave the
 * index behind on any.
 */
const BLOCK_INTERVAL_MS = 100

/** The shares of steps that are claims through the API, and other actions through it. */
const CLAIMS = 0.08
const ACTIONS = 0.12

/** The disturbances during which parties act, and others happen. */
const LONG: Disturbance['kind'][] = ['stall the disk', 'redeploy the indexer']

type Options = {
  seed: number
  seconds: number
  schedule: Schedule
  /** Milliseconds between blocks; if undefined, a block for each transaction. */
  blockTimeMs: number | undefined
  claimants: Claimants
  actors: Actors
}

/** Lets parties act and disturbances happen for `seconds`, one after the other; only long ones run concurrently. */
export async function play(
  environment: Environment,
  { seed, seconds, blockTimeMs, claimants, actors, ...options }: Options,
) {
  const { world, witness } = environment
  const activity = createRandom(seedOf(seed, 'activity'))
  const schedule = [...options.schedule]
  const steps = new Tally()
  const disturbances = new Tally()
  const long: Promise<void>[] = []

  async function disturbNext() {
    const next = schedule.shift()
    if (!next) throw new Error('The schedule is empty')
    const done = disturb(environment, next.disturbance, disturbances)
    if (!LONG.includes(next.disturbance.kind)) return done
    long.push(done)
    // Its failure is thrown at the end. Until then, it must not end the process as an unhandled rejection.
    done.catch(() => undefined)
  }

  async function step() {
    if (activity.chance(CLAIMS)) {
      await claimants.claim()
      return
    }
    if (activity.chance(ACTIONS)) {
      await actors.act()
      return
    }
    const { action, outcome } = await act(world, activity)
    steps.add(`${action} ${outcome}`)
  }

  let { number: last } = await witness.catchUp()
  const begin = performance.now()
  environment.setFaults(true)
  if (blockTimeMs !== undefined) await world.mining.start(blockTimeMs)
  for (let elapsed = 0; elapsed < seconds; elapsed = (performance.now() - begin) / 1_000) {
    const stepAt = performance.now()
    const isDue = schedule[0] !== undefined && schedule[0].at <= elapsed
    await (isDue ? disturbNext() : step())
    const { number } = await witness.catchUp()
    const nextAt = blockTimeMs === undefined ? stepAt + Number(number - last) * BLOCK_INTERVAL_MS : stepAt
    last = number
    await sleep(Math.max(0, nextAt - performance.now()))
  }
  environment.setFaults(false)
  await world.mining.stop()
  await Promise.all(long)
  return { steps, disturbances }
}
