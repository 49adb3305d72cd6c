/** One figure of a bench, before it is compared with its goal. */
export type Measurement = {
  figure: string
  unit: string
  value: number
  /** What it is compared with, in the same unit. */
  baseline?: number
  goal?: Goal
}

/** A limit of the value, or of its ratio to the baseline. */
type Goal = { atMost: number } | { atLeast: number } | { ratioAtMost: number } | { ratioAtLeast: number }

/** A figure as `tools/bench/results/<name>.json` has it. `null` where there is no baseline or no goal. */
export type Figure = {
  figure: string
  unit: string
  value: number
  baseline: number | null
  /** value / baseline; null where that is not a number. */
  ratio: number | null
  goal: number | null
  /** The goal in words, such as `ratio ≥ 0.9`; null without one. */
  needs: string | null
  ok: boolean | null
}

/** What a bench's module exports. */
export type Bench = {
  /** @returns the figures, and lines that explain them. */
  measure(): Promise<{ measurements: Measurement[]; notes?: string[] }>
}

/** Compares a measurement with its baseline and goal. */
export function compareWithGoal({ figure, unit, value, baseline, goal }: Measurement): Figure {
  const ratio = baseline ? value / baseline : null
  return {
    figure,
    unit,
    value,
    baseline: baseline ?? null,
    ratio: ratio === null ? null : Number(ratio.toFixed(3)),
    goal: goal ? goalValue(goal) : null,
    needs: goal ? describe(goal, unit) : null,
    ok: goal ? meets(value, ratio ?? Number.NaN, goal) : null,
  }
}

function goalValue(goal: Goal): number {
  if ('atMost' in goal) return goal.atMost
  if ('atLeast' in goal) return goal.atLeast
  return 'ratioAtMost' in goal ? goal.ratioAtMost : goal.ratioAtLeast
}

function describe(goal: Goal, unit: string): string {
  const isRatio = 'ratioAtMost' in goal || 'ratioAtLeast' in goal
  const sign = 'atMost' in goal || 'ratioAtMost' in goal ? '≤' : '≥'
  const limit = goalValue(goal).toLocaleString('en-US')
  return isRatio ? `ratio ${sign} ${limit}` : `${sign} ${limit} ${unit}`
}

function meets(value: number, ratio: number, goal: Goal): boolean {
  if ('atMost' in goal) return value <= goal.atMost
  if ('atLeast' in goal) return value >= goal.atLeast
  return 'ratioAtMost' in goal ? ratio <= goal.ratioAtMost : ratio >= goal.ratioAtLeast
}

/** The middle value, or the mean of the two in the middle. @throws if there are none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const low = sorted[Math.ceil(sorted.length / 2) - 1]
  const high = sorted[Math.floor(sorted.length / 2)]
  if (low === undefined || high === undefined) throw new Error('The median needs at least one value')
  return (low + high) / 2
}

/** The value that a `share` (0 to 1) of the values does not exceed. @throws if there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)]
  if (value === undefined) throw new Error('The percentile needs at least one value')
  return value
}

/**
 * The figure of the worst one of several, which alone has the goal: the highest ratio, or the highest value without
 * baselines. @throws if there are none.
 */
export function worstOf(figure: string, measurements: readonly Measurement[], goal: Goal): Measurement {
  const rank = ({ value, baseline }: Measurement) => (baseline ? value / baseline : value)
  const worst = measurements.toSorted((a, b) => rank(b) - rank(a))[0]
  if (!worst) throw new Error(`'${figure}' needs at least one measurement`)
  return { ...worst, figure, goal }
}
