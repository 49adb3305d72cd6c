import type { Random } from '../random.ts'

export type Disturbance =
  | { kind: 'reorg'; depth: number }
  | { kind: 'stall the disk'; milliseconds: number }
  | { kind: 'kill the indexer' | 'terminate the indexer' | 'kill the API' | 'drop connections' | 'crash the database' }

/** The deepest reorg: less than the 30 blocks after which Ponder takes a block for final. */
const DEEPEST = 25

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
 * @returns in order, `at` in seconds from the start.
 */
export function drawSchedule(random: Random, seconds: number): { at: number; disturbance: Disturbance }[] {
  const schedule: { at: number; disturbance: Disturbance }[] = []
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
