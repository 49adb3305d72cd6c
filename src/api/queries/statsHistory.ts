import { sql } from 'drizzle-orm'
import { marketDay, runStates } from '../../../ponder.schema.ts'
import type { RunState } from './runList.ts'
import { plainQuery, type SnapshotQuery, withSnapshot } from './snapshot.ts'

export const historyIntervals = ['day', 'week', 'month'] as const
export type HistoryInterval = (typeof historyIntervals)[number]

/** @param until A day of the last period, such as 2024-01-15; undefined means the block's day. */
export type HistoryRange = { interval: HistoryInterval; periods: number; until?: string | undefined }

/** A period of the market. Amounts are USDC base units. */
export type MarketPeriod = {
  /** The first day, such as 2024-01-15. */
  start: string
  /** At the end of the period, as are the amounts. */
  byState: Record<RunState, number>
  escrowed: string
  locked: string
  paid: string
  /** Runs created, and claims made, in the period. */
  created: number
  claims: number
  /** How long the claimed runs were OPEN before, on average; null without a claim. */
  secondsToClaim: number | null
}

const states = sql.join(
  runStates.map((state) => sql`sum(${marketDay[state]}) as ${sql.identifier(state)}`),
  sql`, `,
)
const byState = sql.join(
  runStates.map((state) => sql`${state}::text, coalesce(sum(${sql.identifier(state)}) over "until_then", 0)`),
  sql`, `,
)
const created = sql.join(
  runStates.map((state) => sql`${sql.identifier(state)}`),
  sql` + `,
)

const interval = sql`${sql.placeholder('interval')}::text`
const last = sql`date_trunc(${interval}, coalesce(${sql.placeholder('until')}::timestamp,
  (select to_timestamp("timestamp") at time zone 'UTC' from "snapshot")))`
const step = sql`('1 ' || ${interval})::interval`

/**
 * Days before the first period count as one period before it, so that the sums over the periods begin with what the
 * market was then. It reads one row per day, however many runs there are.
 */
const readHistory = plainQuery<{ history: MarketPeriod[] }>(
  'stats history',
  sql`${withSnapshot}, "bounds" as (
      select ${last} as "last", ${last} - ${step} * (${sql.placeholder('periods')}::int - 1) as "first"
    ), "changed" as (
      select greatest(date_trunc(${interval}, to_timestamp(${marketDay.day}) at time zone 'UTC'), "first" - ${step}) as "start",
        ${states}, sum(${marketDay.escrowed}) as "escrowed", sum(${marketDay.locked}) as "locked",
        sum(${marketDay.paid}) as "paid", sum(${marketDay.claims}) as "claims",
        sum(${marketDay.claimSeconds}) as "claim_seconds"
      from ${marketDay}, "bounds" group by 1
    ), "period" as (
      select "start", json_build_object(
        'start', to_char("start", 'YYYY-MM-DD'),
        'byState', json_build_object(${byState}),
        'escrowed', coalesce(sum("escrowed") over "until_then", 0)::text,
        'locked', coalesce(sum("locked") over "until_then", 0)::text,
        'paid', coalesce(sum("paid") over "until_then", 0)::text,
        'created', coalesce(${created}, 0),
        'claims', coalesce("claims", 0),
        'secondsToClaim', round("claim_seconds" / nullif("claims", 0))
      ) as "json"
      from "bounds" cross join lateral generate_series("first" - ${step}, "last", ${step}) as "series" ("start")
        left join "changed" using ("start")
      window "until_then" as (order by "start")
    )
    select "snapshot".*, (
      select json_agg("json" order by "start") from "period", "bounds" where "start" >= "first") as "history"
    from "snapshot"`,
)

/** The periods up to one of them, oldest first. */
export function statsHistory({ interval, periods, until }: HistoryRange): SnapshotQuery<MarketPeriod[]> {
  return readHistory({ interval, periods, until: until ?? null }, ({ history }) => history)
}
