import pg from 'pg'
import type { Logger } from 'pino'
import { classifyReadError } from '../../../core/database/failures.ts'
import { inTransactionOf } from '../../../core/database/transaction.ts'
import { repeat } from '../../../core/repeat.ts'

/** The intervals between two searches of the index for what it names, and between two deletions. */
const SEARCH_INTERVAL_MS = 60_000
const DELETE_INTERVAL_MS = 3_600_000

/** The advisory lock of the replica that searches and deletes. Any number that no other user of the database uses. */
const LOCK = 7_286_543_024n

/** How many rows are checked and deleted at a time. */
const BATCH = 10_000

/** How far back a search begins before the end of the last one: a reorg replaces the events of up to a minute. */
const OVERLAP_SECONDS = 600

const DAY_SECONDS = 86_400

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
    for (let deleted = BATCH; deleted === BATCH && !stopping.aborted; ) deleted = await deleteUnnamed(parts)
  }

  return repeat(SEARCH_INTERVAL_MS, (stopping) =>
    sweep(stopping).catch((err) => {
      // Without an index nothing is named, and nothing is deleted.
      if (classifyReadError(err) !== 'missing') logger.warn({ err }, 'cannot delete old content')
    }),
  )
}

type Retention = Omit<Parts, 'ready' | 'logger'>

/** Runs `work` in a transaction, unless another replica searches or deletes. @returns whether it ran. */
async function alone(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<void>): Promise<boolean> {
  return inTransactionOf(pool, async (client) => {
    const { rows } = await client.query('SELECT pg_try_advisory_xact_lock($1) AS "isFirst"', [LOCK])
    if (!rows[0].isFirst) return false
    await client.query(`SET LOCAL statement_timeout = ${SCAN_TIMEOUT_MS}`)
    await work(client)
    return true
  })
}

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
    if (!search) return
    await client.query(
      `WITH marked AS (
         UPDATE content.item SET named = true WHERE NOT named AND uri IN (
           SELECT hash FROM ${index}.run_event WHERE id >= lpad($1::text, 10, '0') AND hash LIKE 'ipfs://b%')
         RETURNING attachments
       )
       UPDATE content.item SET named = true WHERE NOT named AND cid IN (SELECT unnest(attachments) FROM marked)`,
      [search.from],
    )
    await client.query(
      `INSERT INTO content.searched (index_schema, until) VALUES ($1, $2)
       ON CONFLICT (index_schema) DO UPDATE SET until = excluded.until`,
      [indexSchema, search.until],
    )
  })
}

/**
 * Deletes a batch of content that nothing names, a day after its last post, once the index has all of that day. So content
 * outlives an index that is behind, rewinds or is made anew.
 * @returns how many items were checked.
 */
export async function deleteUnnamed({ pool, chainId, indexSchema }: Retention): Promise<number> {
  const index = pg.escapeIdentifier(indexSchema)
  const { rows } = await pool.query<{ cid: string }>(
    `SELECT cid FROM content.item JOIN ${index}.head ON chain_id = $1
     WHERE NOT named AND posted_at < now() - interval '1 day' AND extract(epoch FROM posted_at) + ${DAY_SECONDS} < timestamp
     ORDER BY posted_at LIMIT ${BATCH}`,
    [chainId],
  )
  const due = rows.map(({ cid }) => cid)
  const isSearched = await alone(pool, (client) => nameAll(client, index, due))
  // What was not searched for may be named.
  if (!isSearched) return 0
  await alone(pool, (client) => deleteAll(client, due))
  return due.length
}

/** Marks those that any event of a run, or an agent, names, and then those that are attachments of a brief that is named. */
async function nameAll(client: pg.PoolClient, index: string, cids: readonly string[]): Promise<void> {
  await client.query(
    `WITH due AS MATERIALIZED (SELECT cid, uri FROM content.item WHERE cid = ANY($1))
     UPDATE content.item SET named = true WHERE cid IN (
       SELECT cid FROM due JOIN ${index}.run_event ON hash = uri
       UNION SELECT cid FROM due JOIN ${index}.agent ON agent_uri = uri)`,
    [cids],
  )
  await client.query(
    `UPDATE content.item SET named = true WHERE cid = ANY($1) AND EXISTS (
       SELECT FROM content.item AS brief WHERE brief.named AND brief.attachments @> ARRAY[item.cid])`,
    [cids],
  )
}

/** The total is locked first, as by a post. Otherwise the two could wait for each other. */
async function deleteAll(client: pg.PoolClient, cids: readonly string[]): Promise<void> {
  await client.query('SELECT FROM content.total FOR UPDATE')
  await client.query(
    `WITH deleted AS (
       DELETE FROM content.item WHERE cid = ANY($1) AND NOT named AND posted_at < now() - interval '1 day'
       RETURNING charge
     )
     UPDATE content.total SET charge = charge - (SELECT coalesce(sum(charge), 0) FROM deleted)`,
    [cids],
  )
  await client.query(
    `UPDATE content.item SET client = NULL WHERE client IS NOT NULL AND posted_at < now() - interval '1 day'`,
  )
}
