import type pg from 'pg'
import { inTransactionOf } from '../../../core/database/transaction.ts'
import type { Brief } from './brief.ts'
import { readCharge } from './charge.ts'
import { type MediaType, mediaTypes } from './checkContent.ts'
import { uriOf } from './cid.ts'
import type { Registration } from './registration.ts'

/** Which part of what a run names counts. A run costs its gas only, so that it must count. */
const NAMED_PART = 0.1

/** How long after a post another one of the same content changes nothing. After that it counts again, and renews the day. */
const FRESH_SECONDS = 3_600

export type PostLimits = {
  /** The most that a client may post within a day, in bytes: ten times as much if runs name all of it. */
  clientBytes: number
  /** The most that is stored, in bytes. */
  totalBytes: number
}

export type Posted = {
  cid: string
  mediaType: MediaType
  bytes: Uint8Array
  /** What it asks for, if it is a brief. */
  brief: Brief | undefined
  /** What an agent says of itself, if it can be its registration file. */
  registration?: Registration | undefined
  /** Who posts it, as the limits identify clients. */
  client: string
}

/** `clientFull` and `full` are the limits. */
export type PostResult =
  | { status: 'stored' | 'known' | 'blocked' | 'full' }
  | { status: 'clientFull'; limitBytes: number; retrySeconds: number }

/** Content as it is stored before a post. */
type State = { media_type: MediaType | null; charge: number | null; is_lasting: boolean; blocked: boolean }

/** The advisory locks of CIDs and of clients: posts of one CID, and those of one client, follow one another. */
const CID_LOCKS = 728_654_301
const CLIENT_LOCKS = 728_654_302

/** Stores the content, or renews its day. */
export async function post(pool: pg.Pool, posted: Posted, limits: PostLimits): Promise<PostResult> {
  const before = await findState(pool, posted.cid)
  // Without a lock: to post the same content again costs one read.
  if (before.blocked) return { status: 'blocked' }
  if (isUnchanged(before, posted)) return { status: 'known' }
  try {
    return await inTransactionOf(pool, (client) => store(client, posted, limits))
  } catch (error) {
    if (error instanceof StoreFull) return { status: 'full' }
    throw error
  }
}

/** Until the end of the transaction, no other one posts the content, takes it down, or deletes it. */
export async function lockCid(client: pg.ClientBase, cid: string): Promise<void> {
  await lock(client, CID_LOCKS, cid)
  // A deletion locks the rows alone. One that has deleted the row ends before the next statement, which then finds none.
  await client.query('SELECT FROM content.item WHERE cid = $1 FOR UPDATE', [cid])
}

const lock = (client: pg.ClientBase, locks: number, name: string) =>
  client.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [locks, name])

async function store(client: pg.PoolClient, posted: Posted, limits: PostLimits): Promise<PostResult> {
  const { cid, mediaType, bytes } = posted
  await lockCid(client, cid)
  const before = await findState(client, cid)
  if (before.blocked) return { status: 'blocked' }
  if (isUnchanged(before, posted)) return { status: 'known' }
  const saysMore = isMoreSpecific(mediaType, before.media_type)
  const chargeBefore = before.charge ?? 0
  const charge = saysMore ? await readCharge(client, posted) : chargeBefore
  await lock(client, CLIENT_LOCKS, posted.client)
  const others = await chargeOfDay(client, posted)
  if (others.charge + charge > limits.clientBytes) {
    return { status: 'clientFull', limitBytes: limits.clientBytes, retrySeconds: others.seconds }
  }
  if (!saysMore) {
    await client.query(
      `UPDATE content.item SET client = $2, posted_at = now(), unnamed_since = CASE WHEN unnamed_since IS NOT NULL THEN now() END
       WHERE cid = $1`,
      [cid, posted.client],
    )
    return { status: 'known' }
  }
  // Before the insert, so that a post to a full store writes nothing.
  const { rows } = await client.query<{ charge: string }>('SELECT charge FROM content.total')
  if (Number(rows[0]?.charge) + charge - chargeBefore > limits.totalBytes) return { status: 'full' }
  await client.query(
    `INSERT INTO content.item (cid, media_type, bytes, attachments, charge, client, first_client)
     VALUES ($1, $2, $3, $4, $5, $6, $6)
     ON CONFLICT (cid) DO UPDATE SET media_type = $2, attachments = $4, charge = $5, client = $6, posted_at = now(),
       unnamed_since = CASE WHEN item.unnamed_since IS NOT NULL THEN now() END`,
    [cid, mediaType, bytes, attachmentsOf(posted), charge, posted.client],
  )
  await insertMembers(client, posted)
  await addToTotal(client, charge - chargeBefore, limits)
  return { status: before.media_type === null ? 'stored' : 'known' }
}

/** Others have filled the store since it was read. */
class StoreFull extends Error {}

/** The last statement of a post: other posts wait for the row until its transaction ends. @throws StoreFull */
async function addToTotal(client: pg.PoolClient, charge: number, { totalBytes }: PostLimits): Promise<void> {
  const { rowCount } = await client.query('UPDATE content.total SET charge = charge + $1 WHERE charge + $1 <= $2', [
    charge,
    totalBytes,
  ])
  if (rowCount === 0) throw new StoreFull()
}

const attachmentsOf = ({ brief }: Posted) => brief?.attachments?.map(({ cid }) => cid) ?? []

/** Stores what answers about runs and agents show of the content. */
async function insertMembers(client: pg.PoolClient, { cid, brief, registration }: Posted): Promise<void> {
  const uri = uriOf(cid)
  if (brief) {
    const { title, summary, tags = [] } = brief
    const values = [uri, title, summary, tags, JSON.stringify(brief)]
    await client.query(
      'INSERT INTO content.brief (uri, title, summary, tags, json) VALUES ($1, $2, $3, $4, $5)',
      values,
    )
  }
  if (registration) {
    const values = [uri, registration.name, registration.description]
    await client.query('INSERT INTO content.registration (uri, name, description) VALUES ($1, $2, $3)', values)
  }
}

async function findState(database: Pick<pg.ClientBase, 'query'> | pg.Pool, cid: string): Promise<State> {
  const { rows } = await database.query<State>(
    `SELECT item.media_type, item.charge, blocked.cid IS NOT NULL AS blocked,
       item.cid IS NOT NULL AND (unnamed_since IS NULL OR posted_at > now() - make_interval(secs => $2)) AS is_lasting
     FROM (SELECT $1::text AS cid) AS asked LEFT JOIN content.item USING (cid) LEFT JOIN content.blocked USING (cid)`,
    [cid, FRESH_SECONDS],
  )
  const [state] = rows
  if (!state) throw new Error(`PostgreSQL returned no row for ${cid}`)
  return state
}

/** Whether a post changes nothing. */
const isUnchanged = (before: State, { mediaType }: Posted) =>
  before.is_lasting && !isMoreSpecific(mediaType, before.media_type)

/** The same bytes may be posted with several types, by several clients. The first in `mediaTypes` remains. */
const isMoreSpecific = (mediaType: MediaType, stored: MediaType | null) =>
  stored === null || mediaTypes.indexOf(mediaType) < mediaTypes.indexOf(stored)

/**
 * What the client has posted within a day, without this content.
 * @returns its charge, in bytes, and in how many seconds the first of it no longer counts.
 */
async function chargeOfDay(client: pg.PoolClient, posted: Posted): Promise<{ charge: number; seconds: number }> {
  const { rows } = await client.query<{ charge: number; seconds: number }>(
    `SELECT coalesce(sum(charge * CASE WHEN unnamed_since IS NULL THEN ${NAMED_PART} ELSE 1 END), 0)::float8 AS charge,
       coalesce(extract(epoch FROM min(posted_at) + interval '1 day' - now()), 0)::float8 AS seconds
     FROM content.item WHERE client = $1 AND posted_at > now() - interval '1 day' AND cid <> $2`,
    [posted.client, posted.cid],
  )
  return rows[0] ?? { charge: 0, seconds: 0 }
}
