import { and, asc, desc, eq, getTableColumns, gte, type SQL, sql } from 'drizzle-orm'
import type { Address } from 'viem'
import { run, type runEvent, type runStates } from '../../../ponder.schema.ts'
import { matchesOf, type Page, reaches } from './page.ts'
import { now, type SnapshotQuery } from './snapshot.ts'

export type RunState = (typeof runStates)[number]

/** Whether a claim would be in time: the contract accepts one up to and including the deadline. */
export const claimable = sql<boolean>`(${run.state} = 'OPEN' and ${run.deadline} >= ${now})`

export const runColumns = { ...getTableColumns(run), claimable: claimable.as('claimable') }

export type RunRow = typeof run.$inferSelect & { claimable: boolean }

export type RunFilter = {
  state?: RunState | undefined
  /** USDC base units, inclusive. */
  minReward?: bigint | undefined
  poster?: Address | undefined
  claimedBy?: bigint | undefined
  claimable?: boolean | undefined
}

export type RunOrder = { sort: 'createdAt' | 'reward' | 'deadline'; order: 'asc' | 'desc' }

/** int8's greatest: PostgreSQL refuses to compare such a column with more. */
const MAX_BOUNTY_ID = 2n ** 63n - 1n

/** The id may be any number. The market counts up from 1, so that no run has one that does not fit the column. */
export function isBounty(column: typeof run.bountyId | typeof runEvent.bountyId, bountyId: bigint): SQL {
  return bountyId <= MAX_BOUNTY_ID ? eq(column, bountyId) : sql`false`
}

function matching(filter: RunFilter): SQL | undefined {
  return and(
    filter.state && eq(run.state, filter.state),
    filter.minReward === undefined ? undefined : gte(run.reward, filter.minReward),
    filter.poster && eq(run.posterAddress, filter.poster),
    filter.claimedBy === undefined ? undefined : eq(run.claimedBy, filter.claimedBy),
    filter.claimable === undefined ? undefined : sql`${claimable} = ${filter.claimable}`,
  )
}

/** The run, or null if there is none. */
export function runById(bountyId: bigint): SnapshotQuery<RunRow | null> {
  return async (db, snapshot) => {
    const found = db.select(runColumns).from(run).where(isBounty(run.bountyId, bountyId)).as('run')
    const [row] = await db.with(snapshot).select().from(snapshot).leftJoin(found, sql`true`)
    return row && { snapshot: row.snapshot, data: row.run }
  }
}

/** One page of the runs that match, and how many match in all. Ties go by the id, so that pages never overlap. */
export function runPage(
  filter: RunFilter,
  { sort, order }: RunOrder,
  page: Page,
): SnapshotQuery<{ runs: RunRow[]; total: number }> {
  const direction = order === 'asc' ? asc : desc
  return async (db, snapshot) => {
    const matches = matchesOf(db, run, matching(filter))
    const slice = db
      .select(runColumns)
      .from(run)
      .where(and(matching(filter), reaches(page)))
      .orderBy(direction(run[sort]), direction(run.bountyId))
      .limit(page.limit)
      .offset(page.offset)
      .as('run')
    const rows = await db
      .with(snapshot, matches)
      .select()
      .from(snapshot)
      .innerJoin(matches, sql`true`)
      .leftJoin(slice, sql`true`)
      .orderBy(direction(slice[sort]), direction(slice.bountyId))
    const [first] = rows
    const runs = rows.flatMap((row) => row.run ?? [])
    return first && { snapshot: first.snapshot, data: { runs, total: first.matches.total } }
  }
}
