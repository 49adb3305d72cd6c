import { act } from './activity.ts'
import type { Claimants } from './claimants.ts'
import { disturb } from './faults/disturb.ts'
import type { Schedule } from './faults/schedule.ts'
import { createRandom, seedOf } from './random.ts'
import type { Reader } from './reader.ts'
import type { Stand } from './stand.ts'
import { Tally } from './tally.ts'

/** The part of all steps that are claims through the API. */
const RELAYED = 0.08

type Options = {
  seed: number
  seconds: number
  schedule: Schedule
  claimants: Claimants
  readers: readonly Reader[]
}

/** Lets parties act and things go wrong for so many seconds, one after the other: only stalls last beyond their turn. */
export async function play(stand: Stand, { seed, seconds, claimants, readers, ...options }: Options) {
  const { world, witness } = stand
  const activity = createRandom(seedOf(seed, 'activity'))
  const schedule = [...options.schedule]
  const [steps, disturbances] = [new Tally(), new Tally()]
  const stalls: Promise<void>[] = []

  async function disturbNext() {
    const next = schedule.shift()
    if (!next) throw new Error('Nothing is due')
    const done = disturb(stand, next.disturbance, disturbances)
    if (next.disturbance.kind === 'stall the disk') stalls.push(done)
    else await done
  }

  async function step() {
    if (activity.chance(RELAYED)) {
      await claimants.claim()
      return
    }
    const { action, outcome } = await act(world, activity)
    steps.add(`${action} ${outcome}`)
  }

  const begin = performance.now()
  stand.setFaults(true)
  for (let elapsed = 0; elapsed < seconds; elapsed = (performance.now() - begin) / 1_000) {
    const isDue = schedule[0] !== undefined && schedule[0].at <= elapsed
    await (isDue ? disturbNext() : step())
    await witness.catchUp()
    for (const reader of readers) reader.judge()
  }
  stand.setFaults(false)
  await Promise.all(stalls)
  return { steps, disturbances }
}
