/** Replaces the clock of the process that loads it: `Date.now()` and `new Date()`. `performance.now()` stays. */
const shift = (milliseconds: number) => `
  const now = Date.now
  Date.now = () => now() + ${milliseconds}
  globalThis.Date = new Proxy(Date, {
    construct: (date, values) => Reflect.construct(date, values.length > 0 ? values : [Date.now()]),
  })`

/**
 * The variables with which a process of Node starts on a machine whose clock is wrong.
 * @param secondsAhead how far its clock is ahead; negative if it is behind.
 */
export function shiftedClock(secondsAhead: number): { NODE_OPTIONS: string } {
  const source = encodeURIComponent(shift(1_000 * secondsAhead))
  return { NODE_OPTIONS: `--import=data:text/javascript,${source}` }
}
