import pg from 'pg'
import type { Logger } from 'pino'
import { classifyReadError } from '../../../core/database/failures.ts'
import { inTransactionOf } from '../../../core/database/transaction.ts'
import { MIN_STAKE } from '../../../core/market/constants.ts'
import { repeat } from '../../../core/repeat.ts'
import { deleteOldApplications } from './applications.ts'

/** The intervals between two searches of the index for what runs have just named, and between two deletions. */
const SEARCH_INTERVAL_MS = 60_000
const DELETE_INTERVAL_MS = 3_600_000

/** The advisory lock of the replica that searches and deletes. Any number that no other user of the database uses. */
const LOCK = 7_286_543_024n

/** How many rows are marked, and deleted, at a time: a post of one of them waits. */
const BATCH = 1_000

/** How many items to mark a search returns at most. They take some megabytes of memory. */
const MOST_FOUND = 50_000

/** How far back a search begins before the end of the last one: a reorg replaces the events of up to a minute. */
const OVERLAP_SECONDS = 600

const DAY_SECONDS = 86_400

/** An index that is further behind lacks what was named since: nothing is deleted. */
const MAX_BEHIND_SECONDS = 3_600

/** The most that the URI of an agent keeps. A registration file has a few kilobytes; a registration costs its author nothing. */
export const MAX_AGENT_ITEM_BYTES = 16 * 1_024

/** A smaller index of words is not built anew. */
const LEAST_REBUILT_BYTES = 8 * 1_024 ** 2

/** A scan of all events of five million takes seconds. */
const SCAN_TIMEOUT_MS = 60_000

type Parts = {
  pool: pg.Pool
  chainId: number
  /** The schema of the index. */
  indexSchema: string
  /** Resolves once schema `content` is there. */
  ready: () => Promise<void>
  logger: Logger
}

/**
 * Finds periodically what runs and agents name, and deletes what none has named for a day, one replica at a time.
 * @returns a function that stops this.
 */
export function startRetention({ ready, logger, ...parts }: Parts): () => Promise<void> {
  let deletedAt = Number.NEGATIVE_INFINITY

  async function sweep(stopping: AbortSignal) {
    await ready()
    await nameRecent(parts)
    if (performance.now() - deletedAt < DELETE_INTERVAL_MS) return
    deletedAt = performance.now()
    await deleteOldApplications(parts.pool, parts.chainId, parts.indexSchema)
    // What was not marked may be named.
    if (!(await markNamed(parts, stopping))) return
    let deleted: number | undefined = BATCH
    while (deleted === BATCH && !stopping.aborted) deleted = await deleteUnnamed(parts)
    if (deleted !== undefined && !stopping.aborted) await dropUnusedWords(parts.pool)
  }

  return repeat(SEARCH_INTERVAL_MS, (stopping) =>
    sweep(stopping).catch((err) => {
      // Without an index nothing is named, and nothing is deleted.
      if (classifyReadError(err) !== 'missing') logger.warn({ err }, 'cannot delete old content')
    }),
  )
}

type Retention = Omit<Parts, 'ready' | 'logger'>

/**
 * Runs `work` in a transaction, unless another replica searches or deletes.
 * @returns its result; undefined if it did not run.
 */
async function alone<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result | undefined> {
  return inTransactionOf(pool, async (client) => {
    const { rows } = await client.query('SELECT pg_try_advisory_xact_lock($1) AS "isFirst"', [LOCK])
    if (!rows[0].isFirst) return undefined
    await client.query(`SET LOCAL statement_timeout = ${SCAN_TIMEOUT_MS}`)
    return work(client)
  })
}

/** A run without escrow keeps nothing: its poster has its money back, or never paid. */
const IS_FUNDED = `state <> 'DRAFT'`

/** Whether a head has the last hour. */
const IS_CURRENT = `timestamp > extract(epoch FROM now()) - ${MAX_BEHIND_SECONDS}`

/** The events that name content, beside the creation of a run. */
const NAMING_EVENTS = `('WorkSubmitted', 'RevisionRequested')`

/**
 * Marks what the events since the last search name, so that it counts less for its client. Ids of events begin with the
 * block's time, and are the table's key.
 */
export async function nameRecent({ pool, chainId, indexSchema }: Retention): Promise<void> {
  const index = pg.escapeIdentifier(indexSchema)
  await alone(pool, async (client) => {
    const { rows } = await client.query<{ until: string; from: string }>(
      `SELECT timestamp AS until, least(timestamp, coalesce(until, timestamp - ${DAY_SECONDS})) - ${OVERLAP_SECONDS} AS "from"
       FROM ${index}.head LEFT JOIN content.searched ON index_schema = $2 WHERE chain_id = $1`,
      [chainId, indexSchema],
    )
    const [search] = rows
    if (!search) return 0
    const { rowCount } = await client.query(
      `WITH recent AS MATERIALIZED (
         SELECT bounty_id, name, hash FROM ${index}.run_event WHERE id >= lpad($1::text, 10, '0')
       ), marked AS (
         UPDATE content.item SET unnamed_since = NULL WHERE unnamed_since IS NOT NULL AND uri IN (
           SELECT hash FROM recent WHERE name IN ${NAMING_EVENTS} AND hash LIKE 'ipfs://b%'
           UNION SELECT ipfs_hash FROM ${index}.run WHERE ${IS_FUNDED} AND bounty_id IN (SELECT bounty_id FROM recent))
         RETURNING attachments
       )
       UPDATE content.item SET unnamed_since = NULL
       WHERE unnamed_since IS NOT NULL AND cid IN (SELECT unnest(attachments) FROM marked)`,
      [search.from],
    )
    await client.query(
      `INSERT INTO content.searched (index_schema, until) VALUES ($1, $2)
       ON CONFLICT (index_schema) DO UPDATE SET until = excluded.until`,
      [indexSchema, search.until],
    )
    return rowCount ?? 0
  })
}

/**
 * Marks the items that are kept, or no longer kept: those that a funded run names, with their attachments, and a small one
 * for each agent that has the stake of a claim. An index that is behind, rewinds or is made anew takes nothing away: it
 * marks nothing until it has the last hour, and what it marks for a moment is deleted a day later.
 * @returns whether all are marked; false if another replica searches or deletes.
 */
export async function markNamed(parts: Retention, stopping?: AbortSignal): Promise<boolean> {
  for (;;) {
    // All content is searched once, and not for each batch: at a million runs a search takes seconds.
    const found = await alone(parts.pool, (client) => findMarks(client, parts))
    if (found === undefined) return false
    for (let first = 0; first < found.length; first += BATCH) {
      const batch = found.slice(first, first + BATCH)
      const isMarked = !stopping?.aborted && (await alone(parts.pool, (client) => mark(client, batch)))
      if (!isMarked) return false
    }
    if (found.length < MOST_FOUND) return true
  }
}

/** An item that is not marked as it should be. */
type Mark = { cid: string; isKept: boolean }

/** @returns nothing if the index lacks the last hour. */
async function findMarks(client: pg.PoolClient, { chainId, indexSchema }: Retention): Promise<Mark[]> {
  const index = pg.escapeIdentifier(indexSchema)
  const { rows } = await client.query<Mark>(
    `WITH of_runs AS MATERIALIZED (
       SELECT cid, attachments FROM content.item WHERE uri IN (
         SELECT ipfs_hash FROM ${index}.run WHERE ${IS_FUNDED}
         UNION ALL SELECT hash FROM ${index}.run_event WHERE name IN ${NAMING_EVENTS})
     ), kept AS MATERIALIZED (
       SELECT cid FROM of_runs
       UNION SELECT unnest(attachments) FROM of_runs
       UNION SELECT cid FROM content.item JOIN ${index}.agent ON agent_uri = uri
         WHERE staked_amount >= $2 AND octet_length(bytes) <= $3
     )
     SELECT item.cid, kept.cid IS NOT NULL AS "isKept" FROM content.item LEFT JOIN kept USING (cid)
     WHERE (kept.cid IS NULL) = (unnamed_since IS NULL)
       AND EXISTS (SELECT FROM ${index}.head WHERE chain_id = $1 AND ${IS_CURRENT}) LIMIT ${MOST_FOUND}`,
    [chainId, MIN_STAKE, MAX_AGENT_ITEM_BYTES],
  )
  return rows
}

/** Changes nothing where an item has its mark by now, so that its day does not begin again. */
async function mark(client: pg.PoolClient, marks: readonly Mark[]): Promise<true> {
  await client.query(
    `UPDATE content.item SET unnamed_since = CASE WHEN is_kept THEN NULL ELSE now() END
     FROM unnest($1::text[], $2::boolean[]) AS found (cid, is_kept)
     WHERE item.cid = found.cid AND (unnamed_since IS NULL) <> is_kept`,
    [marks.map(({ cid }) => cid), marks.map(({ isKept }) => isKept)],
  )
  return true
}

/**
 * Deletes a batch of what nothing has named for a day, also by the time of the index, which must have the last hour: what was
 * named later is not indexed yet. The total is changed last, because posts wait for it.
 * @returns how many items were deleted; undefined if another replica searches or deletes.
 */
export async function deleteUnnamed({ pool, chainId, indexSchema }: Retention): Promise<number | undefined> {
  const index = pg.escapeIdentifier(indexSchema)
  return alone(pool, async (client) => {
    const indexed = `(SELECT to_timestamp(timestamp) FROM ${index}.head WHERE chain_id = $1 AND ${IS_CURRENT})`
    const isOld = `unnamed_since < now() - interval '1 day' AND unnamed_since < ${indexed} - interval '1 day'`
    const { rows } = await client.query<{ items: number; charge: string }>(
      `WITH deleted AS (
         DELETE FROM content.item WHERE ${isOld} AND cid IN (
           SELECT cid FROM content.item WHERE ${isOld} ORDER BY unnamed_since LIMIT ${BATCH})
         RETURNING charge
       )
       SELECT count(*)::int AS items, coalesce(sum(charge), 0) AS charge FROM deleted`,
      [chainId],
    )
    const { items = 0, charge } = rows[0] ?? {}
    if (items > 0) await client.query('UPDATE content.total SET charge = charge - $1', [charge])
    return items
  })
}

/**
 * Builds the index of words anew if it is larger than what all content counts: PostgreSQL never removes a word from such an
 * index, so briefs of new words that are posted and dropped day after day would fill the disk.
 * @returns whether it was built anew.
 */
export async function dropUnusedWords(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query<{ isLarge: boolean }>(
    `SELECT pg_relation_size('content.brief_words_words') > greatest(charge, ${LEAST_REBUILT_BYTES}) AS "isLarge" FROM content.total`,
  )
  if (!rows[0]?.isLarge) return false
  const client = await pool.connect()
  try {
    await client.query(`SET statement_timeout = '30min'`)
    // What an interrupted one has left.
    await client.query('DROP INDEX IF EXISTS content.brief_words_words_ccnew')
    await client.query('REINDEX INDEX CONCURRENTLY content.brief_words_words')
  } finally {
    // Not with this timeout for others.
    client.release(true)
  }
  return true
}
