import { and, eq, gte, lt, type SQL, sql } from 'drizzle-orm'
import {
  ALL_RUNS,
  DEADLINE_BAND_SECONDS,
  type marketDay,
  ofClaimant,
  ofEvaluator,
  ofPoster,
  run,
  runBand,
  runStates,
} from '../../../ponder.schema.ts'
import type { RunFilter, Standing } from './runFilter.ts'
import type { RunOrder } from './runList.ts'
import { type Database, now } from './snapshot.ts'

/**
 * The list whose bands count the filter's runs in every state; undefined for runs of two parties, which have no bands.
 */
export function bandListOf({ poster, evaluator, claimedBy }: RunFilter): string | undefined {
  const lists = [
    poster && ofPoster(poster),
    evaluator && ofEvaluator(evaluator),
    claimedBy === undefined ? undefined : ofClaimant(claimedBy),
  ].filter((list) => list !== undefined)
  return lists.length > 1 ? undefined : (lists[0] ?? ALL_RUNS)
}

/** Whether the filter names a party: a poster, an evaluator or an agent. */
export function isOfParty(filter: RunFilter): boolean {
  return bandListOf(filter) !== ALL_RUNS
}

/** For each standing, how many runs of a row are in the states that the standing allows. A row has a count per state. */
export function countersOf(row: typeof runBand | typeof marketDay): Record<Standing, SQL> {
  const counts = runStates.map((state) => sql`${row[state]}`)
  const chosen = runStates.map((state) => sql`when ${state} then ${row[state]}`)
  const every = sql.join(counts, sql` + `)
  return {
    any: every,
    state: sql`case ${sql.placeholder('state')}::text ${sql.join(chosen, sql` `)} end`,
    claimable: sql`${row.OPEN}`,
    expired: sql`${row.OPEN}`,
    unclaimable: every,
    none: sql`0`,
  }
}

export const perBand = countersOf(runBand)

/** The bands of the placeholder `bandList`, in one order. */
export function isBandOf(sort: RunOrder['sort']): SQL | undefined {
  return and(eq(runBand.list, sql.placeholder('bandList')), eq(runBand.sort, sort))
}

/** The sum of a counter over bands: a subquery of one value. */
export function sumOfBands(db: Database, counter: SQL, condition: SQL | undefined): SQL {
  return sql`${db
    .select({ total: sql`coalesce(sum(${counter}), 0)` })
    .from(runBand)
    .where(condition)}`
}

const SPAN = sql.raw(String(DEADLINE_BAND_SECONDS))

/**
 * How many runs are claimable: the bands from the edge that is nearer to the current time, and the runs between that
 * edge and the time, counted one by one, and added or subtracted.
 */
export function claimableTotal(db: Database): SQL {
  const edge = sql`((${now} + ${SPAN} / 2) / ${SPAN} * ${SPAN})`
  const isFromEdge = and(eq(runBand.list, sql`${ALL_RUNS}`), eq(runBand.sort, 'deadline'), gte(runBand.lowest, edge))
  const isBetween = and(
    sql`${run.state} = 'OPEN'`,
    gte(run.deadline, sql`least(${now}, ${edge})`),
    lt(run.deadline, sql`greatest(${now}, ${edge})`),
  )
  return sql`(${sumOfBands(db, perBand.claimable, isFromEdge)}
    + (select count(*) from ${run} where ${isBetween}) * case when ${edge} > ${now} then 1 else -1 end)`
}
