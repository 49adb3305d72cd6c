import { asc } from 'drizzle-orm'
import { marketDay, recordOf, runStates } from '../../../ponder.schema.ts'
import type { Tx } from '../index/reader.ts'
import type { Snapshot } from '../index/snapshot.ts'

export const historyIntervals = ['day', 'week', 'month'] as const
export type HistoryInterval = (typeof historyIntervals)[number]

/** @param until A day of the last period, such as 2024-01-15; undefined means the block's day. */
export type HistoryRange = { interval: HistoryInterval; periods: number; until?: string | undefined }

/**
 * The periods up to one of them, oldest first: the market at the end of each, in USDC base units, and the runs created and the
 * claims made in it, with the seconds for which these runs were OPEN on average. It reads one row per day.
 */
export async function statsHistory(tx: Tx, block: Snapshot, range: HistoryRange) {
  const days = await tx.select().from(marketDay).orderBy(asc(marketDay.day))
  const last = range.until === undefined ? block.timestamp : BigInt(Date.parse(range.until)) / 1_000n
  const starts = Array.from({ length: range.periods }, (_, place) =>
    startOf(range.interval, last, place + 1 - range.periods),
  )
  const end = startOf(range.interval, last, 1)
  const market = { byState: recordOf(runStates, () => 0), escrowed: 0n, locked: 0n, paid: 0n }
  let next = 0
  return starts.map((start, place) => {
    const following = starts[place + 1] ?? end
    let created = 0
    let claims = 0
    let claimSeconds = 0n
    for (let day = days[next]; day && day.day < following; day = days[++next]) {
      for (const state of runStates) market.byState[state] += day[state]
      market.escrowed += day.escrowed
      market.locked += day.locked
      market.paid += day.paid
      if (day.day < start) continue
      created += runStates.reduce((sum, state) => sum + day[state], 0)
      claims += day.claims
      claimSeconds += day.claimSeconds
    }
    const secondsToClaim = claims === 0 ? null : Math.round(Number(claimSeconds) / claims)
    return {
      start: new Date(Number(start) * 1_000).toISOString().slice(0, 10),
      byState: { ...market.byState },
      escrowed: market.escrowed.toString(),
      locked: market.locked.toString(),
      paid: market.paid.toString(),
      created,
      claims,
      secondsToClaim,
    }
  })
}

export type MarketPeriod = Awaited<ReturnType<typeof statsHistory>>[number]

/** The first second of the period so many periods after that of the time. Days are UTC, and a week begins on Monday. */
function startOf(interval: HistoryInterval, time: bigint, after: number): bigint {
  const date = new Date(Number(time) * 1_000)
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  const monday = day - ((date.getUTCDay() + 6) % 7)
  const starts = { day: [month, day + after], week: [month, monday + 7 * after], month: [month + after, 1] } as const
  return BigInt(Date.UTC(year, ...starts[interval])) / 1_000n
}
