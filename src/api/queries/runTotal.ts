import { and, count, gte, type SQL, sql } from 'drizzle-orm'
import { rewardBand, run, runStates } from '../../../ponder.schema.ts'
import { expired, inStanding, isBetweenBands, isRewarded, matching, type RunFilter, standingOf } from './runFilter.ts'
import type { Database } from './snapshot.ts'

const everyState = sql.join(
  runStates.map((state) => sql`${rewardBand[state]}`),
  sql` + `,
)

const chosenState = sql`case ${sql.placeholder('state')}::text ${sql.join(
  runStates.map((state) => sql`when ${state} then ${rewardBand[state]}`),
  sql` `,
)} end`

/**
 * The CTE `matches`: how many runs match, exactly, in a time that does not grow with the market.
 *
 * What a poster posted, an evaluator reviews or an agent claimed is counted one by one along its index. Everything else comes from the bands,
 * which count by state and reward. They do not know deadlines: OPEN runs whose deadline has passed are counted one by
 * one and taken off. Those are few: their posters want the escrow back.
 */
export function matchesOf(db: Database, filter: RunFilter) {
  const isCounted = [filter.poster, filter.evaluator, filter.claimedBy].some((value) => value !== undefined)
  const total = isCounted ? countOf(db, matching(filter)) : fromBands(db, filter)
  const selection = { total: sql<number>`"total"`.mapWith(Number).as('total') }
  return db.$with('matches', selection).as(sql`select ${total} as "total"`)
}

function fromBands(db: Database, filter: RunFilter): SQL {
  const hasMinimum = filter.minReward !== undefined
  const inBands = (perBand: SQL, condition: SQL | undefined) => {
    const whole = db
      .select({ total: sql`coalesce(sum(${perBand}), 0)` })
      .from(rewardBand)
      .where(hasMinimum ? gte(rewardBand.lowest, sql.placeholder('wholeBand')) : undefined)
    return hasMinimum ? sql`${whole} + ${countOf(db, and(condition, isBetweenBands))}` : sql`${whole}`
  }
  const late = countOf(db, and(expired, hasMinimum ? isRewarded : undefined))
  const open = inBands(sql`${rewardBand.OPEN}`, sql`${run.state} = 'OPEN'`)
  switch (standingOf(filter)) {
    case 'any':
      return inBands(everyState, undefined)
    case 'state':
      return inBands(chosenState, inStanding.state)
    case 'claimable':
      return sql`${open} - ${late}`
    case 'expired':
      return late
    case 'unclaimable':
      return sql`${inBands(everyState, undefined)} - (${open}) + ${late}`
    case 'none':
      return sql`0`
  }
}

function countOf(db: Database, condition: SQL | undefined): SQL {
  return sql`${db.select({ total: count() }).from(run).where(condition)}`
}
