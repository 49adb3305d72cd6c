import {
  and,
  asc,
  count,
  desc,
  eq,
  getTableColumns,
  gte,
  inArray,
  isNull,
  lt,
  ne,
  or,
  type SQL,
  sql,
} from 'drizzle-orm'
import type { PgSelect } from 'drizzle-orm/pg-core'
import type { Address } from 'viem'
import { agent, poster, recordOf, run, type runSorts, runStates } from '../../../ponder.schema.ts'
import { refusedValue } from '../http/errors.ts'
import type { Tx } from '../index/reader.ts'
import type { Snapshot } from '../index/snapshot.ts'
import { isRegistered, withStatus } from './agents.ts'
import { applicationsFor } from './applications.ts'
import { brief, briefWords, registration } from './content.ts'
import { posterOf } from './posters.ts'
import { isSearch, matchWords, refuseNegative, type Search } from './searches.ts'

/** Up to how many runs a list counts, and a search. Beyond, the total is this number. */
export const MOST_LISTED = 10_000
export const MOST_FOUND = 1_000

export type RunState = (typeof runStates)[number]

/** A filter and a total order of its runs. */
export type RunList = Search & {
  state?: RunState | undefined
  /** USDC base units, inclusive. */
  minReward?: bigint | undefined
  poster?: Address | undefined
  /** Matches only runs whose terms name an evaluator, not the poster of a run without one. */
  evaluator?: Address | undefined
  claimedBy?: bigint | undefined
  /** Matches runs that only this wallet may claim; `none`, those that any wallet may. */
  claimant?: Address | 'none' | undefined
  claimable?: boolean | undefined
  sort: (typeof runSorts)[number]
  order: 'asc' | 'desc'
}

/** The sort key of a run, which is its position in the list. */
export type RunPosition = { value: bigint; bountyId: bigint }

/** Where a page starts: after a run, or after a number of runs. */
export type RunStart = { after: RunPosition } | { offset: number }

/** A run with what lists show of its brief, if the brief is stored. */
const runColumns = { ...getTableColumns(run), title: brief.title, summary: brief.summary, tags: brief.tags }

/** A run without what its brief says. */
export type RunTerms = typeof run.$inferSelect

export type RunRow = RunTerms & Record<'title' | 'summary', string | null> & { tags: string[] | null }

/** What lists show of a run: a third of its columns. */
const summaryColumns = {
  bountyId: run.bountyId,
  posterAddress: run.posterAddress,
  ipfsHash: run.ipfsHash,
  reward: run.reward,
  deadline: run.deadline,
  state: run.state,
  claimedBy: run.claimedBy,
  createdAt: run.createdAt,
  claimant: run.claimant,
  title: brief.title,
  summary: brief.summary,
  tags: brief.tags,
}

export const selectSummaries = (tx: Tx) =>
  tx.select(summaryColumns).from(run).leftJoin(brief, eq(brief.uri, run.ipfsHash))

export type RunSummaryRow = Pick<RunRow, keyof typeof summaryColumns>

/** What the runs of a list match, and the query with the table of words that a search needs. */
function matchesOf(list: RunList, now: bigint) {
  const { state, minReward, poster, evaluator, claimedBy, claimant } = list
  const where = and(
    state && eq(run.state, state),
    isClaimable(list, now),
    minReward === undefined ? undefined : gte(run.reward, minReward),
    poster && eq(run.posterAddress, poster),
    evaluator && eq(run.evaluator, evaluator),
    claimedBy === undefined ? undefined : eq(run.claimedBy, claimedBy),
    claimant && (claimant === 'none' ? isNull(run.claimant) : eq(run.claimant, claimant)),
  )
  // A join, not IN: each brief has one row of words, so PostgreSQL may begin with the runs or with the briefs, and stop early.
  const isFound = and(eq(briefWords.uri, run.ipfsHash), matchWords(list))
  const matching = <Query extends PgSelect>(query: Query): Query =>
    (isSearch(list) ? query.innerJoin(briefWords, isFound) : query) as Query
  return { where, matching, most: isSearch(list) ? MOST_FOUND : MOST_LISTED }
}

/**
 * How many runs of each state have the list's other filters. Where they are more than are counted together, `isExact` is
 * false, and each number is a least one.
 */
export async function countByState(tx: Tx, { now }: Snapshot, { state: _, ...list }: RunList) {
  const { where, matching, most } = matchesOf(list, now)
  const matches = matching(tx.select({ state: run.state }).from(run).$dynamic())
    .where(where)
    .limit(most + 1)
    .as('matches')
  const rows = await tx.select({ state: matches.state, total: count() }).from(matches).groupBy(matches.state)
  const totals = new Map(rows.map(({ state, total }) => [state, total]))
  const isExact = rows.reduce((sum, { total }) => sum + total, 0) <= most
  return { byState: recordOf(runStates, (state) => totals.get(state) ?? 0), isExact }
}

/**
 * A page of a list, the number of runs in the list or the most that are counted, and the position of the page's last run, null
 * if no run follows. Runs with the same sort key are ordered by id, so that pages never overlap.
 * @throws Problem VALIDATION_FAILED if the page begins after the runs that are counted, or the search has no word that a
 * brief must have.
 */
export async function pageOfRuns(tx: Tx, { now }: Snapshot, list: RunList, start: RunStart, limit: number) {
  const { sort, order } = list
  await refuseNegative(tx, list)
  const { where, matching, most } = matchesOf(list, now)
  const matches = matching(tx.select({ one: sql`1` }).from(run).$dynamic())
    .where(where)
    .limit(most + 1)
    .as('matches')
  const [counted] = await tx.select({ total: count() }).from(matches)
  const total = Math.min(counted?.total ?? 0, most)
  const isTotalExact = counted?.total === total
  const offset = 'offset' in start ? start.offset : 0
  if (offset >= total && !isTotalExact) {
    const rule = `must begin within the first ${most} runs of ${isSearch(list) ? 'a search' : 'a list'}: go on by cursor`
    throw refusedValue('page', rule, String(offset / limit + 1))
  }

  // Ids count up in the order of creation, so their order is the order of `createdAt`.
  const key = { createdAt: run.bountyId, reward: run.reward, deadline: run.deadline }[sort]
  const [inOrder, follows] = order === 'asc' ? [asc, sql`>`] : [desc, sql`<`]
  const isAfter =
    'after' in start
      ? sql`(${key}, ${run.bountyId}) ${follows} (${start.after.value}::int8, ${start.after.bountyId}::int8)`
      : undefined
  // Of the runs before the page, an index has all that is read.
  const page = matching(
    tx
      .select({ bountyId: run.bountyId, key: sql`${key}`.as('key') })
      .from(run)
      .$dynamic(),
  )
    .where(and(where, isAfter))
    .orderBy(inOrder(key), inOrder(run.bountyId))
    .limit(limit + 1)
    .offset(offset)
    .as('page')
  const found = await selectSummaries(tx)
    .innerJoin(page, eq(page.bountyId, run.bountyId))
    .orderBy(inOrder(page.key), inOrder(page.bountyId))

  const runs = found.slice(0, limit)
  const last = found.length > limit ? runs.at(-1) : undefined
  const end = last ? { value: sort === 'createdAt' ? last.bountyId : last[sort], bountyId: last.bountyId } : null
  return { runs, total, isTotalExact, end }
}

/** The contract accepts a claim up to and including the deadline. */
function isClaimable({ claimable, state }: RunList, now: bigint): SQL | undefined {
  if (claimable === undefined) return undefined
  if (claimable) return and(eq(run.state, 'OPEN'), gte(run.deadline, now))
  return state === 'OPEN' ? lt(run.deadline, now) : or(ne(run.state, 'OPEN'), lt(run.deadline, now))
}

/** The greatest int8. PostgreSQL refuses to compare an int8 column with a greater number. */
const MAX_BOUNTY_ID = 2n ** 63n - 1n

/** Those of the ids that a run can have. */
export const storableIds = (bountyIds: readonly bigint[]): bigint[] => bountyIds.filter((id) => id <= MAX_BOUNTY_ID)

/** Reads the runs with these ids, by id. */
export async function runsById(tx: Tx, bountyIds: readonly bigint[]): Promise<Map<bigint, RunRow>> {
  const rows = await tx
    .select(runColumns)
    .from(run)
    .leftJoin(brief, eq(brief.uri, run.ipfsHash))
    .where(inArray(run.bountyId, storableIds(bountyIds)))
  return new Map(rows.map((row) => [row.bountyId, row]))
}

/** Reads a run; null if there is none with this id. */
export async function runById(tx: Tx, bountyId: bigint): Promise<RunRow | null> {
  return (await runsById(tx, [bountyId])).get(bountyId) ?? null
}

/** Reads a run, and an agent, null if there is none with this id. All is null if there is no such run. */
export async function runAndAgent(tx: Tx, { now }: Snapshot, bountyId: bigint, agentId: bigint) {
  const [found] = await tx
    .select({ run, agent, name: registration.name, description: registration.description })
    .from(run)
    .leftJoin(agent, and(eq(agent.id, agentId), isRegistered))
    .leftJoin(registration, eq(registration.uri, agent.agentURI))
    .where(inArray(run.bountyId, storableIds([bountyId])))
  if (!found) return null
  const { name, description } = found
  return { run: found.run, agent: found.agent && withStatus({ ...found.agent, name, description }, now) }
}

/**
 * Reads a run with the JSON of its brief, the record of its poster and its applications, the best record first; null if there
 * is none with this id.
 */
export async function runDetail(tx: Tx, block: Snapshot, bountyId: bigint) {
  const [found] = await tx
    .select({ ...runColumns, brief: brief.json, poster })
    .from(run)
    .leftJoin(brief, eq(brief.uri, run.ipfsHash))
    .leftJoin(poster, eq(poster.address, run.posterAddress))
    .where(inArray(run.bountyId, storableIds([bountyId])))
  if (!found) return null
  const applications = await applicationsFor(tx, block, found)
  return { run: found, brief: found.brief, poster: posterOf(found.poster), applications }
}
