import { eq, getTableColumns, type Placeholder, type SQL, sql } from 'drizzle-orm'
import { run } from '../../../ponder.schema.ts'
import { jsonAmount, jsonId, jsonTime, type Members, selectMembers } from './json.ts'
import { claimable } from './runFilter.ts'
import { type Database, plainQuery, type SnapshotQuery, snapshotColumns } from './snapshot.ts'

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
export const runJson = (bountyId: SQL | Placeholder): SQL =>
  sql`(select row_to_json("run") from (${selectMembers(runMembers)} from ${run} where ${run.bountyId} = ${bountyId}) as "run")`

/** The CTE `answer`: one row with the run's JSON, an object unless it is cast to text; null if there is no such run. */
export function runAnswer(db: Database) {
  return db
    .$with('answer', { json: sql<RunJson | null>`"json"`.as('json') })
    .as(sql`select ${runJson(sql.placeholder('bountyId'))} as "json"`)
}

const findRun = plainQuery<{ run: string | null }>('run', (db, snapshot) => {
  const answer = runAnswer(db)
  const json = sql<string | null>`${answer.json}::text`.as('run')
  return db
    .with(snapshot, answer)
    .select({ ...snapshotColumns(snapshot), json })
    .from(snapshot)
    .innerJoin(answer, sql`true`)
})

/** The run's JSON, or null if there is no such run. */
export function runById(bountyId: bigint): SnapshotQuery<string | null> {
  return findRun({ bountyId: storableId(bountyId) }, ({ run }) => run)
}
