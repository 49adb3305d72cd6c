import type pg from 'pg'
import { inTransactionOf } from '../../../core/database/transaction.ts'
import type { Brief } from './brief.ts'
import { type MediaType, mediaTypes } from './checkContent.ts'
import { uriOf } from './cid.ts'
import type { Registration } from './registration.ts'

/** Content counts as at least so many bytes: a row costs about as much. */
const LEAST_CHARGE_BYTES = 1_024

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
type State = { media_type: MediaType | null; is_lasting: boolean; blocked: boolean }

/** Stores the content, or renews its day. */
export async function post(pool: pg.Pool, posted: Posted, limits: PostLimits): Promise<PostResult> {
  const before = await findState(pool, posted.cid)
  // Without the lock of the total: to post the same content again costs one read.
  if (before.blocked) return { status: 'blocked' }
  if (isUnchanged(before, posted)) return { status: 'known' }
  return inTransactionOf(pool, async (client) => {
    const { rows } = await client.query<{ charge: string }>('SELECT charge FROM content.total FOR UPDATE')
    return store(client, posted, limits, Number(rows[0]?.charge))
  })
}

/** @param total what is stored, in bytes. No other post changes it before the transaction ends. */
async function store(client: pg.PoolClient, posted: Posted, limits: PostLimits, total: number): Promise<PostResult> {
  const { cid, mediaType, bytes } = posted
  const before = await findState(client, cid)
  if (before.blocked) return { status: 'blocked' }
  if (isUnchanged(before, posted)) return { status: 'known' }
  const isNew = before.media_type === null
  const charge = Math.max(bytes.length, LEAST_CHARGE_BYTES)
  if (!before.is_lasting) {
    const others = await chargeOf(client, posted)
    if (others.charge + charge > limits.clientBytes) {
      return { status: 'clientFull', limitBytes: limits.clientBytes, retrySeconds: others.seconds }
    }
  }
  if (isNew && total + charge > limits.totalBytes) return { status: 'full' }
  if (isNew) {
    await client.query(
      `INSERT INTO content.item (cid, media_type, bytes, attachments, charge, client) VALUES ($1, $2, $3, $4, $5, $6)`,
      [cid, mediaType, bytes, attachmentsOf(posted), charge, posted.client],
    )
    await client.query('UPDATE content.total SET charge = charge + $1', [charge])
    await insertMembers(client, posted)
    return { status: 'stored' }
  }
  if (isMoreSpecific(mediaType, before.media_type)) {
    const values = [cid, mediaType, attachmentsOf(posted)]
    await client.query('UPDATE content.item SET media_type = $2, attachments = $3 WHERE cid = $1', values)
    await insertMembers(client, posted)
  }
  if (!before.is_lasting) {
    await client.query('UPDATE content.item SET client = $2, posted_at = now() WHERE cid = $1', [cid, posted.client])
  }
  return { status: 'known' }
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
    `SELECT item.media_type, blocked.cid IS NOT NULL AS blocked,
       coalesce(named OR posted_at > now() - make_interval(secs => $2), false) AS is_lasting
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
async function chargeOf(client: pg.PoolClient, posted: Posted): Promise<{ charge: number; seconds: number }> {
  const { rows } = await client.query<{ charge: number; seconds: number }>(
    `SELECT coalesce(sum(charge * CASE WHEN named THEN ${NAMED_PART} ELSE 1 END), 0)::float8 AS charge,
       coalesce(extract(epoch FROM min(posted_at) + interval '1 day' - now()), 0)::float8 AS seconds
     FROM content.item WHERE client = $1 AND posted_at > now() - interval '1 day' AND cid <> $2`,
    [posted.client, posted.cid],
  )
  return rows[0] ?? { charge: 0, seconds: 0 }
}
