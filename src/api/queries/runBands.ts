import { and, eq, gte, lt, type SQL, sql } from 'drizzle-orm'
import {
  ALL_RUNS,
  DEADLINE_BAND_SECONDS,
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

const everyState = sql.join(
  runStates.map((state) => sql`${runBand[state]}`),
  sql` + `,
)

const chosenState = sql`case ${sql.placeholder('state')}::text ${sql.join(
  runStates.map((state) => sql`when ${state} then ${runBand[state]}`),
  sql` `,
)} end`

/** For each standing, how many runs of a band are in the states that the standing allows. */
export const perBand: Record<Standing, SQL> = {
  any: everyState,
  state: chosenState,
  claimable: sql`${runBand.OPEN}`,
  expired: sql`${runBand.OPEN}`,
  unclaimable: everyState,
  none: sql`0`,
}

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

/** How many runs are claimable: bands of later deadlines, plus the runs of the current band, counted one by one. */
export function claimableTotal(db: Database): SQL {
  const nextBand = sql`((${now} / ${SPAN} + 1) * ${SPAN})`
  const isLater = and(eq(runBand.list, sql`${ALL_RUNS}`), eq(runBand.sort, 'deadline'), gte(runBand.lowest, nextBand))
  const isOfThisBand = and(sql`${run.state} = 'OPEN'`, gte(run.deadline, now), lt(run.deadline, nextBand))
  return sql`(${sumOfBands(db, perBand.claimable, isLater)} + (select count(*) from ${run} where ${isOfThisBand}))`
}
