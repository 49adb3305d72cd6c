/** A period, in milliseconds of `performance.now()`. */
export type Period = { begin: number; end: number }

/** The periods of a window in which no answer came: between two answers, before the first and after the last. */
export function silencesOf(answeredAt: readonly number[], { begin, end }: Period): Period[] {
  const within = answeredAt.filter((at) => at > begin && at < end)
  const starts = [begin, ...within]
  return starts.map((start, place) => ({ begin: start, end: within[place] ?? end }))
}

/** Milliseconds of the longest period. @param excused periods that do not count. They do not overlap. */
export function longestOf(periods: readonly Period[], excused: readonly Period[] = []): number {
  const lengths = periods.map((period) => {
    const overlaps = excused.map((other) => Math.min(period.end, other.end) - Math.max(period.begin, other.begin))
    return period.end - period.begin - overlaps.reduce((sum, overlap) => sum + Math.max(0, overlap), 0)
  })
  return Math.max(0, ...lengths)
}
