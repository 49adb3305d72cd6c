/** How far the clocks of the API and of this machine may differ. Seconds. */
const CLOCK_TOLERANCE = 60n

/** Any of the values is true: which one depends on the API's clock, which is not known to the second. */
export class EitherOf {
  readonly values: readonly unknown[]

  constructor(...values: unknown[]) {
    this.values = values
  }
}

/**
 * The time that the API answered for: the later of the block's timestamp and its own clock. It is known to lie between the
 * block's timestamp and a minute from now.
 */
export type Clock = {
  /** Whether the time is at or before this second. */
  isAtMost(second: bigint): boolean | EitherOf
  /** Whether the time is at or after this second. */
  isAtLeast(second: bigint): boolean | EitherOf
}

/** @param timestamp of the answer's block, in seconds. */
export function clockAt(timestamp: bigint): Clock {
  const here = BigInt(Math.floor(Date.now() / 1_000)) + CLOCK_TOLERANCE
  const latest = here > timestamp ? here : timestamp
  const either = new EitherOf(true, false)
  return {
    isAtMost: (second) => (latest <= second ? true : timestamp > second ? false : either),
    isAtLeast: (second) => (timestamp >= second ? true : latest < second ? false : either),
  }
}

/** A time as the API writes it. @param seconds since 1970. */
export const timeOf = (seconds: bigint): string => new Date(Number(seconds) * 1_000).toISOString()

/** The seconds since 1970; undefined if it is not a time as the API writes it. */
export function secondsOf(time: unknown): bigint | undefined {
  const milliseconds = typeof time === 'string' ? Date.parse(time) : Number.NaN
  const isWhole = Number.isInteger(milliseconds) && milliseconds >= 0 && milliseconds % 1_000 === 0
  return isWhole ? BigInt(milliseconds / 1_000) : undefined
}
