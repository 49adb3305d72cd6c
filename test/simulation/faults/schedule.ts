import type { Random } from '../random.ts'

export type Disturbance =
  | { kind: 'reorg'; depth: number }
  | { kind: 'stall the disk'; milliseconds: number }
  | {
      kind:
        | 'kill the indexer'
        | 'terminate the indexer'
        | 'kill the API'
        | 'drop connections'
        | 'crash the database'
        | 'redeploy the indexer'
    }

/** In order of time; `at` in seconds from the start. */
export type Schedule = { at: number; disturbance: Disturbance }[]

/** The depth of the deepest reorg: less than the 30 blocks after which Ponder treats a block as final. */
const DEEPEST = 25

/** Between two ends of the indexer. */
const BETWEEN_ENDS_SECONDS = 32

/** Most reorgs are shallow, as on real chains: deep ones alone would revert most of what parties do. */
const drawDepth = (random: Random) => random.int(1, random.chance(0.7) ? 4 : DEEPEST)

/** One disturbance of each kind per this many seconds. */
const every = {
  reorg: 1.5,
  'kill the indexer': 60,
  'terminate the indexer': 60,
  'kill the API': 15,
  'drop connections': 12,
  'stall the disk': 8,
  'crash the database': 40,
  'redeploy the indexer': 60,
}

/**
 * Draws all disturbances of chain, processes and database with their times before the simulation starts, so that they
 * do not depend on the machine's speed. A kind that is rarer than once per simulation is drawn with that probability.
 */
export function drawSchedule(random: Random, seconds: number): Schedule {
  const schedule: Schedule = []
  for (const [kind, interval] of Object.entries(every) as [Disturbance['kind'], number][]) {
    const expected = seconds / interval
    const times = Math.floor(expected) + (random.chance(expected % 1) ? 1 : 0)
    for (let time = 0; time < times; time++) {
      const at = random.int(0, Math.floor(seconds * 1_000)) / 1_000
      schedule.push({ at, disturbance: detailed(kind, random) })
    }
  }
  return schedule.sort((left, right) => left.at - right.at)
}

function detailed(kind: Disturbance['kind'], random: Random): Disturbance {
  if (kind === 'reorg') return { kind, depth: drawDepth(random) }
  // Sometimes longer than the lock and statement timeouts of readers and indexer.
  if (kind === 'stall the disk') return { kind, milliseconds: random.int(100, 2_500) }
  return { kind }
}

/**
 * A reorg every second, an indexer that is killed and terminated in turn, first soon after the start, and another build that
 * replaces it.
 */
export function restartsAndReorgs(random: Random, seconds: number): Schedule {
  const reorgs = Array.from({ length: Math.floor(seconds) }, (_, second) => ({
    at: second + 0.5,
    disturbance: { kind: 'reorg', depth: drawDepth(random) } as const,
  }))
  const ends = Array.from(
    { length: Math.ceil((seconds - BETWEEN_ENDS_SECONDS / 10) / BETWEEN_ENDS_SECONDS) },
    (_, place) => ({
      at: (place + 0.1) * BETWEEN_ENDS_SECONDS,
      disturbance: { kind: place % 2 === 0 ? 'kill the indexer' : 'terminate the indexer' } as const,
    }),
  )
  const redeployment = { at: seconds / 3, disturbance: { kind: 'redeploy the indexer' } as const }
  return [...reorgs, ...ends, redeployment].sort((left, right) => left.at - right.at)
}
