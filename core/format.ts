/** A number if JSON parsers represent it exactly, else a string. */
export function formatId(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString()
}

/** @param seconds since the epoch. */
export function formatTime(seconds: bigint): string {
  return new Date(Number(seconds) * 1_000).toISOString()
}

/** Null stays null: the event has not happened. */
export function formatOptionalTime(seconds: bigint | null): string | null {
  return seconds === null ? null : formatTime(seconds)
}
