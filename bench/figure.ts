/** One figure of a bench, before it is judged. */
export type Measurement = {
  figure: string
  unit: string
  value: number
  /** What it is compared with, in the same unit. */
  baseline?: number
  goal?: Goal
}

export type Goal = { atMost: number } | { atLeast: number }

/** A figure as `bench/results/<name>.json` holds it. `null` where there is nothing to compare with or to reach. */
export type Figure = {
  figure: string
  unit: string
  value: number
  baseline: number | null
  /** value / baseline */
  ratio: number | null
  goal: number | null
  ok: boolean | null
}

/** What a bench's module exports. */
export type Bench = {
  /** @returns the figures, and lines that explain them. */
  measure(): Promise<{ measurements: Measurement[]; notes?: string[] }>
}

/** The measurement beside what it is held to. */
export function judge({ figure, unit, value, baseline, goal }: Measurement): Figure {
  return {
    figure,
    unit,
    value,
    baseline: baseline ?? null,
    ratio: baseline === undefined ? null : Number((value / baseline).toFixed(3)),
    goal: goal ? goalValue(goal) : null,
    ok: goal ? meets(value, goal) : null,
  }
}

const goalValue = (goal: Goal) => ('atMost' in goal ? goal.atMost : goal.atLeast)

const meets = (value: number, goal: Goal) => ('atMost' in goal ? value <= goal.atMost : value >= goal.atLeast)
