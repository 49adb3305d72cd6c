import type { Random } from '../random.ts'

export type Disturbance =
  | { kind: 'reorg'; depth: number }
  | { kind: 'stall the disk'; milliseconds: number }
  | { kind: 'kill the indexer' | 'terminate the indexer' | 'kill the API' | 'drop connections' | 'crash the database' }

/** In order; `at` in seconds from the start. */
export type Schedule = { at: number; disturbance: Disturbance }[]

/** The deepest reorg: less than the 30 blocks after which Ponder takes a block for final. */
const DEEPEST = 25

/** Seconds from one end of the indexer to the next. One that is killed leaves a lock for which the next waits up to 25. */
const BETWEEN_ENDS = 32

/** Most are shallow, as on real chains: deep ones alone would take back whatever parties do. */
const drawDepth = (random: Random) => random.int(1, random.chance(0.7) ? 4 : DEEPEST)

/** How many seconds there are to one of a kind. */
const every = {
  reorg: 1.5,
  'kill the indexer': 60,
  'terminate the indexer': 60,
  'kill the API': 15,
  'drop connections': 12,
  'stall the disk': 8,
  'crash the database': 40,
}

/**
 * Draws what shall happen to chain, processes and database, and when, before anything happens: so it does not depend on
 * how fast the machine is. Of a kind that comes less than once in the time there is at least a chance.
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
  // Longer than readers and the indexer wait for some locks and statements, at times.
  if (kind === 'stall the disk') return { kind, milliseconds: random.int(100, 2_500) }
  return { kind }
}

/** A reorg every second, and an indexer that is killed or told to end every so often, in turn: from one soon after the start. */
export function restartsAndReorgs(random: Random, seconds: number): Schedule {
  const reorgs = Array.from({ length: Math.floor(seconds) }, (_, second) => ({
    at: second + 0.5,
    disturbance: { kind: 'reorg', depth: drawDepth(random) } as const,
  }))
  const ends = Array.from({ length: Math.ceil((seconds - BETWEEN_ENDS / 10) / BETWEEN_ENDS) }, (_, place) => ({
    at: (place + 0.1) * BETWEEN_ENDS,
    disturbance: { kind: place % 2 === 0 ? 'kill the indexer' : 'terminate the indexer' } as const,
  }))
  return [...reorgs, ...ends].sort((left, right) => left.at - right.at)
}
