import { eq, getTableColumns, type SQL, sql } from 'drizzle-orm'
import { agent, run } from '../../../ponder.schema.ts'
import { type AgentRow, agentColumns, isAgent } from './agents.ts'
import {
  jsonBoolean,
  jsonId,
  jsonNumber,
  jsonObject,
  jsonRaw,
  jsonText,
  jsonTexts,
  jsonTime,
  jsonWord,
  type Members,
} from './json.ts'
import { posterRecordJson } from './posters.ts'
import { now, plainQuery, type SnapshotQuery, snapshotQuery, withSnapshot } from './snapshot.ts'

/** Whether the run can be claimed now. The contract accepts a claim up to and including the deadline. */
const claimable = sql<boolean>`(${run.state} = 'OPEN' and ${run.deadline} >= ${now})`

const runColumns = { ...getTableColumns(run), claimable: claimable.as('claimable') }

export type RunRow = typeof run.$inferSelect & { claimable: boolean }

/**
 * Joins the brief that the run names, if it is stored. It is no part of a block: it may come and go without one.
 *
 * With a brief for each of 100,000 runs, a page of 20 took 0.08 to 0.39 ms longer than without any (0.66 to 1.02 ms), and a
 * page of 100 0.9 ms longer (1.34 ms), read in turn on a busy machine. The longer answer is included.
 */
export const withBrief = sql`left join content.brief on brief.uri = ${run.ipfsHash}`

const briefMembers = {
  title: jsonText(sql`brief.title`),
  summary: jsonText(sql`brief.summary`),
  tags: jsonTexts(sql`brief.tags`),
}

/** The members of a run in lists, in the order of the answer. */
export const runSummaryMembers = {
  bountyId: jsonNumber(run.bountyId),
  posterAddress: jsonWord(run.posterAddress),
  ipfsHash: jsonText(run.ipfsHash),
  reward: jsonWord(run.reward),
  deadline: jsonTime(run.deadline),
  state: jsonWord(run.state),
  claimedBy: jsonId(run.claimedBy),
  createdAt: jsonTime(run.createdAt),
  claimable: jsonBoolean(claimable),
  ...briefMembers,
} satisfies Members

export type RunSummaryJson = Record<keyof typeof runSummaryMembers, unknown>

/** All members of a run, in the order of the answer. */
const runMembers = {
  bountyId: jsonNumber(run.bountyId),
  posterAddress: jsonWord(run.posterAddress),
  ipfsHash: jsonText(run.ipfsHash),
  reward: jsonWord(run.reward),
  deadline: jsonTime(run.deadline),
  state: jsonWord(run.state),
  claimedBy: jsonId(run.claimedBy),
  claimedByWallet: jsonWord(run.claimedByWallet),
  stake: jsonWord(run.stake),
  deliverableHash: jsonText(run.deliverableHash),
  claimedAt: jsonTime(run.claimedAt),
  submittedAt: jsonTime(run.submittedAt),
  createdAt: jsonTime(run.createdAt),
  claimable: jsonBoolean(claimable),
  submitBy: jsonTime(run.submitBy),
  reviewBy: jsonTime(run.reviewBy),
  endedAt: jsonTime(run.endedAt),
  feedbackHash: jsonText(run.feedbackHash),
  revisions: jsonNumber(run.revisions),
  round: jsonNumber(run.round),
  fee: jsonWord(run.fee),
  workPeriod: jsonNumber(run.workPeriod),
  stakeRequired: jsonWord(run.stakeRequired),
  evaluator: jsonWord(run.evaluator),
  closing: jsonBoolean(run.closing),
  ...briefMembers,
} satisfies Members

const runDetailMembers = {
  ...runMembers,
  brief: jsonRaw(sql`brief.json`),
  posterRecord: jsonRaw(posterRecordJson(sql`${run.posterAddress}`)),
} satisfies Members

/** The greatest int8. PostgreSQL refuses to compare an int8 column with a greater number. */
const MAX_BOUNTY_ID = 2n ** 63n - 1n

/** No run has this id, because the market counts ids from 1. */
const NO_BOUNTY = 0n

/** @returns the id, or an id that no run has if the id does not fit the column. */
export function storableId(bountyId: bigint): bigint {
  return bountyId <= MAX_BOUNTY_ID ? bountyId : NO_BOUNTY
}

/** The run whose id is the placeholder `bountyId`: a `storableId`. */
export const isBounty: SQL = eq(run.bountyId, sql.placeholder('bountyId'))

/** The JSON of a run, parsed. */
export type RunJson = Record<keyof typeof runMembers, unknown>

/** The same with the whole brief. */
export type RunDetailJson = Record<keyof typeof runDetailMembers, unknown>

const jsonOf = (members: Members, bountyId: SQL): SQL =>
  sql`(select ${jsonObject(members)} from ${run} ${withBrief} where ${run.bountyId} = ${bountyId})`

/** A subquery: the text of the JSON of the run with this id, or null. */
export const runJson = (bountyId: SQL): SQL => jsonOf(runMembers, bountyId)

const findRuns = plainQuery<{ id: bigint; run: string | null }>(
  'runs by id',
  sql`${withSnapshot}
    select "snapshot".*, "id", ${jsonOf(runDetailMembers, sql`"requested"."id"`)} as "run"
    from "snapshot" cross join unnest(${sql.placeholder('bountyIds')}::int8[]) as "requested" ("id")`,
)

/** Reads the JSON of the runs with these ids and their briefs, in their order; null if there is no such run. */
export function runsById(bountyIds: readonly bigint[]): SnapshotQuery<(string | null)[]> {
  return findRuns({ bountyIds: bountyIds.map(storableId) }, (_, rows) => {
    const found = new Map(rows.map(({ id, run }) => [id, run]))
    return bountyIds.map((id) => found.get(id) ?? null)
  })
}

const findRunAndAgent = snapshotQuery('run and agent', (db, snapshot) => {
  const runs = db.select(runColumns).from(run).where(isBounty).as('run')
  const agents = db.select(agentColumns).from(agent).where(isAgent).as('agent')
  return db.with(snapshot).select().from(snapshot).leftJoin(runs, sql`true`).leftJoin(agents, sql`true`)
})

/** Reads a run and an agent at one block. A member is null if there is no such run or agent. */
export function runAndAgent(
  bountyId: bigint,
  agentId: bigint,
): SnapshotQuery<{ run: RunRow | null; agent: AgentRow | null }> {
  return findRunAndAgent({ bountyId: storableId(bountyId), agentId }, ({ run, agent }) => ({ run, agent }))
}
