import { and, eq, gte, lt, type SQL, sql } from 'drizzle-orm'
import {
  DEADLINE_BAND_SECONDS,
  marketBand,
  type marketDay,
  partiesOf,
  partyBand,
  run,
  runStates,
} from '../../../ponder.schema.ts'
import type { RunFilter, RunOrder, Standing } from './runList.ts'
import { now } from './snapshot.ts'

/** Whether the filter names a party. */
export const isOfParty = (filter: RunFilter): boolean => partiesOf(filter).length > 0

type BandTable = typeof marketBand | typeof partyBand

/** The bands of the filter's party, else of all runs. Runs of two parties have no bands: these are those of all. */
export const bandTableOf = (filter: RunFilter): BandTable => (partiesOf(filter).length === 1 ? partyBand : marketBand)

/** For each standing, how many runs of a row are in the states that the standing allows. A row has a count per state. */
export function countersOf(row: BandTable | typeof marketDay): Record<Standing, SQL> {
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

/** The bands of all runs in one order, or those of the placeholder `party`, which have one order. */
export function isBandOf(table: BandTable, sort: RunOrder['sort']): SQL {
  return table === partyBand ? eq(partyBand.party, sql.placeholder('party')) : eq(marketBand.sort, sort)
}

/** The sum of a counter over bands or days: a subquery of one value. */
export function sumOf(table: BandTable | typeof marketDay, standing: Standing, condition = sql`true`): SQL {
  return sql`(select coalesce(sum(${countersOf(table)[standing]}), 0) from ${table} where ${condition})`
}

const SPAN = sql.raw(String(DEADLINE_BAND_SECONDS))

/**
 * How many runs are claimable: the bands from the edge that is nearer to the current time, and the runs between that
 * edge and the time, counted one by one, and added or subtracted.
 */
export function claimableTotal(): SQL {
  const edge = sql`((${now} + ${SPAN} / 2) / ${SPAN} * ${SPAN})`
  const isFromEdge = and(isBandOf(marketBand, 'deadline'), gte(marketBand.lowest, edge))
  const isBetween = and(
    sql`${run.state} = 'OPEN'`,
    gte(run.deadline, sql`least(${now}, ${edge})`),
    lt(run.deadline, sql`greatest(${now}, ${edge})`),
  )
  return sql`(${sumOf(marketBand, 'claimable', isFromEdge)}
    + (select count(*) from ${run} where ${isBetween}) * case when ${edge} > ${now} then 1 else -1 end)`
}
