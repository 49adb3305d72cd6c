import { and, count, gte, lt, type SQL, sql } from 'drizzle-orm'
import { DAY_SECONDS, deadlineBand, rewardBand, run, runStates } from '../../../ponder.schema.ts'
import {
  expired,
  inStanding,
  isBetweenBands,
  isRewarded,
  matching,
  type RunFilter,
  type Standing,
  standingOf,
} from './runFilter.ts'
import { type Database, now } from './snapshot.ts'

const DAY = sql.raw(String(DAY_SECONDS))

const everyState = sql.join(
  runStates.map((state) => sql`${rewardBand[state]}`),
  sql` + `,
)

const chosenState = sql`case ${sql.placeholder('state')}::text ${sql.join(
  runStates.map((state) => sql`when ${state} then ${rewardBand[state]}`),
  sql` `,
)} end`

const open = sql`${run.state} = 'OPEN'`

/** Of the states that runs of a standing may have: how a band counts them, and the same as a condition. */
const statesOf: Record<Standing, { perBand: SQL; condition: SQL | undefined }> = {
  any: { perBand: everyState, condition: undefined },
  state: { perBand: chosenState, condition: inStanding.state },
  claimable: { perBand: sql`${rewardBand.OPEN}`, condition: open },
  expired: { perBand: sql`${rewardBand.OPEN}`, condition: open },
  unclaimable: { perBand: everyState, condition: undefined },
  none: { perBand: sql`0`, condition: sql`false` },
}

/**
 * The CTE `matches`: how many runs match, exactly, in a time that does not grow with the market; and, for the choice of a
 * walk, how many there are in the same states at all (`in_states`), and with the reward (`rewarded`).
 *
 * What a poster posted, an evaluator reviews or an agent claimed is counted one by one along its index. Everything else
 * comes from the bands, which count by state and reward, or by deadline. With a least reward, OPEN runs whose deadline has
 * passed are counted one by one and taken off. Those are few: their posters want the escrow back.
 */
export function matchesOf(db: Database, filter: RunFilter) {
  const selection = {
    total: sql<number>`"total"`.mapWith(Number).as('total'),
    inStates: sql`"in_states"`.as('in_states'),
    rewarded: sql`"rewarded"`.as('rewarded'),
  }
  return db.$with('matches', selection).as(isOfParty(filter) ? ofParty(db, filter) : fromBands(db, filter))
}

/** Whether the list is of one poster's runs, of one evaluator's or of one agent's. */
export function isOfParty({ poster, evaluator, claimedBy }: RunFilter): boolean {
  return [poster, evaluator, claimedBy].some((value) => value !== undefined)
}

function ofParty(db: Database, filter: RunFilter): SQL {
  return sql`select ${countOf(db, matching(filter))} as "total", null as "in_states", null as "rewarded"`
}

function fromBands(db: Database, filter: RunFilter): SQL {
  const standing = standingOf(filter)
  const hasMinimum = filter.minReward !== undefined
  const inBands = (perBand: SQL, condition?: SQL) =>
    sql`${db
      .select({ total: sql`coalesce(sum(${perBand}), 0)` })
      .from(rewardBand)
      .where(condition)}`
  const rewarded = ({ perBand, condition }: (typeof statesOf)[Standing]) =>
    hasMinimum
      ? sql`${inBands(perBand, gte(rewardBand.lowest, sql.placeholder('wholeBand')))} + ${countOf(db, and(condition, isBetweenBands))}`
      : inBands(perBand)
  const late = hasMinimum ? countOf(db, and(expired, isRewarded)) : expiredTotal(db)
  const totals: Record<Standing, SQL> = {
    any: sql`"rewarded"`,
    state: sql`"rewarded"`,
    claimable: sql`"rewarded" - ${late}`,
    expired: late,
    unclaimable: sql`"rewarded" - (${rewarded(statesOf.claimable)}) + ${late}`,
    none: sql`0`,
  }
  // `offset 0` keeps PostgreSQL from counting again wherever a count is named.
  return sql`
    select ${totals[standing]} as "total", "in_states", "rewarded"
    from (
      select ${inBands(statesOf[standing].perBand)} as "in_states", ${rewarded(statesOf[standing])} as "rewarded" offset 0
    ) as "counted"`
}

/** How many runs are OPEN and past their deadline: those of the days before today, and of today one by one. */
export function expiredTotal(db: Database): SQL {
  const today = sql`(${now} / ${DAY} * ${DAY})`
  const before = db
    .select({ total: sql`coalesce(sum(${deadlineBand.OPEN}), 0)` })
    .from(deadlineBand)
    .where(lt(deadlineBand.day, today))
  return sql`(${before} + ${countOf(db, and(expired, gte(run.deadline, today)))})`
}

function countOf(db: Database, condition: SQL | undefined): SQL {
  return sql`${db.select({ total: count() }).from(run).where(condition)}`
}
