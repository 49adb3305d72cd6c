import { eq, getTableColumns, type SQL, sql } from 'drizzle-orm'
import { run } from '../../../ponder.schema.ts'
import { claimable } from './runFilter.ts'
import { type SnapshotQuery, snapshotQuery } from './snapshot.ts'

export const runColumns = { ...getTableColumns(run), claimable: claimable.as('claimable') }

export type RunRow = typeof run.$inferSelect & { claimable: boolean }

/** What lists show of a run. */
export const runSummaryColumns = {
  bountyId: run.bountyId,
  posterAddress: run.posterAddress,
  ipfsHash: run.ipfsHash,
  reward: run.reward,
  deadline: run.deadline,
  state: run.state,
  claimedBy: run.claimedBy,
  createdAt: run.createdAt,
  claimable: claimable.as('claimable'),
}

export type RunSummaryRow = Pick<RunRow, keyof typeof runSummaryColumns>

/** int8's greatest: PostgreSQL refuses to compare such a column with more. */
const MAX_BOUNTY_ID = 2n ** 63n - 1n

/** The market counts ids up from 1. */
const NO_BOUNTY = 0n

/** The id may be any number, but no run has one that does not fit the column. */
export function storableId(bountyId: bigint): bigint {
  return bountyId <= MAX_BOUNTY_ID ? bountyId : NO_BOUNTY
}

/** Of `storableId`, which the read fills in. */
export const isBounty: SQL = eq(run.bountyId, sql.placeholder('bountyId'))

const findRun = snapshotQuery('run', (db, snapshot) => {
  const found = db.select(runColumns).from(run).where(isBounty).as('run')
  return db.with(snapshot).select().from(snapshot).leftJoin(found, sql`true`)
})

/** The run, or null if there is none. */
export function runById(bountyId: bigint): SnapshotQuery<RunRow | null> {
  return findRun({ bountyId: storableId(bountyId) }, ({ run }) => run)
}
