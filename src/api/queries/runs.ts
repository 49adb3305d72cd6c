import { eq, getTableColumns, type SQL, sql } from 'drizzle-orm'
import { run } from '../../../ponder.schema.ts'
import { jsonAmount, jsonId, jsonTime, type Members, selectMembers } from './json.ts'
import { claimable } from './runFilter.ts'
import { plainQuery, type SnapshotQuery, snapshotColumns } from './snapshot.ts'

export const runColumns = { ...getTableColumns(run), claimable: claimable.as('claimable') }

export type RunRow = typeof run.$inferSelect & { claimable: boolean }

/** What lists say of a run, in the order of the answer. */
export const runSummaryMembers = {
  bountyId: run.bountyId,
  posterAddress: run.posterAddress,
  ipfsHash: run.ipfsHash,
  reward: jsonAmount(run.reward),
  deadline: jsonTime(run.deadline),
  state: run.state,
  claimedBy: jsonId(run.claimedBy),
  createdAt: jsonTime(run.createdAt),
  claimable,
} satisfies Members

export type RunSummaryJson = Record<keyof typeof runSummaryMembers, unknown>

/** All that is said of a run, in the order of the answer. */
const runMembers = {
  bountyId: run.bountyId,
  posterAddress: run.posterAddress,
  ipfsHash: run.ipfsHash,
  reward: jsonAmount(run.reward),
  deadline: jsonTime(run.deadline),
  state: run.state,
  claimedBy: jsonId(run.claimedBy),
  claimedByWallet: run.claimedByWallet,
  stake: jsonAmount(run.stake),
  deliverableHash: run.deliverableHash,
  claimedAt: jsonTime(run.claimedAt),
  submittedAt: jsonTime(run.submittedAt),
  createdAt: jsonTime(run.createdAt),
  claimable,
  submitBy: jsonTime(run.submitBy),
  reviewBy: jsonTime(run.reviewBy),
  endedAt: jsonTime(run.endedAt),
  feedbackHash: run.feedbackHash,
  revisions: run.revisions,
  round: run.round,
  fee: jsonAmount(run.fee),
  workPeriod: run.workPeriod,
  stakeRequired: jsonAmount(run.stakeRequired),
  evaluator: run.evaluator,
} satisfies Members

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

/** A run as its JSON has it. */
export type RunJson = Record<keyof typeof runMembers, unknown>

/** The JSON of the run with this id, or null: a subquery of one value. */
export const runJson = (bountyId: SQL): SQL =>
  sql`(select row_to_json("run") from (${selectMembers(runMembers)} from ${run} where ${run.bountyId} = ${bountyId}) as "run")`

const findRuns = plainQuery<{ id: string; run: string | null }>('runs by id', (db, snapshot) => {
  const asked = db.$with('asked', { id: sql`"id"`.as('id'), run: sql`"run"`.as('run') }).as(
    sql`select "id", ${runJson(sql`"asked"."id"`)}::text as "run"
        from unnest(${sql.placeholder('bountyIds')}::int8[]) as "asked" ("id")`,
  )
  return db
    .with(snapshot, asked)
    .select({ ...snapshotColumns(snapshot), id: asked.id, run: asked.run })
    .from(snapshot)
    .innerJoin(asked, sql`true`)
})

/** The JSON of each run, or null where there is no such run. */
export function runsById(bountyIds: readonly bigint[]): SnapshotQuery<(string | null)[]> {
  const ids = bountyIds.map((id) => String(storableId(id)))
  return findRuns({ bountyIds: ids }, (_, rows) => {
    const found = new Map(rows.map(({ id, run }) => [id, run]))
    return ids.map((id) => found.get(id) ?? null)
  })
}
