const UNITS_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** The longest wait that Node's timers take: 24 days. */
const MAX_MS = 2 ** 31 - 1

/**
 * The milliseconds of an interval such as `90s`, `10m`, `1h` or `1d`.
 * @throws if it is not one.
 */
export function parseInterval(text: string): number {
  const [, count, unit] = /^([1-9][0-9]{0,5})([smhd])$/.exec(text) ?? []
  const milliseconds = Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS]
  if (milliseconds > 0 && milliseconds <= MAX_MS) return milliseconds
  throw new Error(
    `--every must be a number of s, m, h or d, of at most 24 days, such as 1h, got ${JSON.stringify(text)}`,
  )
}
