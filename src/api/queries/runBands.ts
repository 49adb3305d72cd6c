import { and, eq, gte, lt, type SQL, sql } from 'drizzle-orm'
import {
  DEADLINE_BAND_SECONDS,
  marketBand,
  marketDay,
  partiesOf,
  partyCount,
  run,
  runStates,
} from '../../../ponder.schema.ts'
import type { RunFilter, Standing } from './runList.ts'
import { now } from './snapshot.ts'

/** Whether the filter names a party. */
export const isOfParty = (filter: RunFilter): boolean => partiesOf(filter).length > 0

type CountTable = typeof marketBand | typeof partyCount | typeof marketDay

/** For each standing, how many runs of a row are in the states that the standing allows. A row has a count per state. */
function countersOf(row: CountTable): Record<Standing, SQL> {
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

/** The sum of a counter over rows: a subquery of one value. */
export function sumOf(table: CountTable, standing: Standing, condition = sql`true`): SQL {
  return sql`(select coalesce(sum(${countersOf(table)[standing]}), 0) from ${table} where ${condition})`
}

/** The sum over the filter's party, or over all runs. */
export const sumOfAll = (filter: RunFilter, standing: Standing): SQL =>
  partiesOf(filter).length === 1
    ? sumOf(partyCount, standing, eq(partyCount.party, sql.placeholder('party')))
    : sumOf(marketDay, standing)

const SPAN = sql.raw(String(DEADLINE_BAND_SECONDS))

/**
 * How many runs are claimable: the bands from the edge that is nearer to the current time, and the runs between that
 * edge and the time, counted one by one, and added or subtracted.
 */
export function claimableTotal(): SQL {
  const edge = sql`((${now} + ${SPAN} / 2) / ${SPAN} * ${SPAN})`
  const isFromEdge = and(eq(marketBand.sort, 'deadline'), gte(marketBand.lowest, edge))
  const isBetween = and(
    sql`${run.state} = 'OPEN'`,
    gte(run.deadline, sql`least(${now}, ${edge})`),
    lt(run.deadline, sql`greatest(${now}, ${edge})`),
  )
  return sql`(${sumOf(marketBand, 'claimable', isFromEdge)}
    + (select count(*) from ${run} where ${isBetween}) * case when ${edge} > ${now} then 1 else -1 end)`
}
