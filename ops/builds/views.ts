import pg from 'pg'
import { NAME_PATTERN } from './builds.ts'

/** How long the switch waits for readers' locks. Readers wait 250 ms for its locks, so the switch gives up first. */
const LOCK_TIMEOUT_MS = 100

/** How long the switch, whose locks block readers, waits until this build has the last block that they have seen. */
const CATCH_UP_MS = 100

/** A switch is tried once the build is at most this many blocks behind. */
const NEAR_BLOCKS = 5

/** PostgreSQL's codes where a reader holds the lock: lock_not_available, deadlock_detected. */
const LOCK_CONFLICTS = ['55P03', '40P01']

const DUPLICATE_TABLE = '42P07'
const INVALID_TABLE_DEFINITION = '42P16'

/** The build to switch readers to, and the build that they see now; each is the schema of its tables. */
export type Switch = { build: string; served: string | undefined; viewsSchema: string }

/**
 * The last block of a build, whether the rows are those of that block (they are not while Ponder reverts and replays), and
 * a mark that changes with every commit of Ponder's.
 */
export type Position = { block: number; hash: string; isConsistent: boolean; mark: string }

const quote = pg.escapeIdentifier

/** The tables that views read: `view` is the view's oid, `name` the table's, and `build` the schema of the table. */
export const VIEW_READS = `(
  SELECT ev_class AS view, relname AS name, relnamespace::regnamespace::text AS build
  FROM pg_rewrite JOIN pg_depend ON objid = pg_rewrite.oid JOIN pg_class ON pg_class.oid = refobjid
  WHERE classid = 'pg_rewrite'::regclass AND refclassid = 'pg_class'::regclass AND relkind = 'r'
) AS view_reads`

/** The schema of the tables that readers see through the views; undefined if there are no views. */
export async function servedBuild(client: pg.ClientBase, viewsSchema: string): Promise<string | undefined> {
  const { rows } = await client.query<{ build: string }>(
    `SELECT build FROM ${VIEW_READS} WHERE view = to_regclass($1)`,
    [`${quote(viewsSchema)}.head`],
  )
  return rows[0]?.build
}

/** Whether the build is consistent and near the last block that readers see. */
export async function hasCaughtUp(client: pg.ClientBase, change: Switch): Promise<boolean> {
  return isAt(client, change.build, (await lastBlock(client, change.served)) - NEAR_BLOCKS)
}

/**
 * Switches readers atomically to the build's tables, if these are consistent and not older than what readers see.
 * Ponder's own switch comes before its first live block, so readers would have no head for seconds; and Ponder would
 * switch again at each restart, even of a replaced build.
 * @returns whether it switched; if not, look again at what readers see, and try again.
 */
export async function switchViews(client: pg.ClientBase, change: Switch): Promise<boolean> {
  const { build, served, viewsSchema } = change
  if (!(await hasCaughtUp(client, change))) return false
  await client.query(`BEGIN; SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`)
  try {
    // One indexer switches at a time, from what readers then see.
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [viewsSchema])
    if ((await servedBuild(client, viewsSchema)) !== served) {
      await client.query('ROLLBACK')
      return false
    }
    const replaced = new Set(await replacedBuilds(client, viewsSchema))
    if (served) replaced.add(served)
    replaced.delete(build)
    await replaceViews(client, build, viewsSchema)
    const comment = [...replaced].join(' ')
    await client.query(`COMMENT ON VIEW ${quote(viewsSchema)}.head IS ${pg.escapeLiteral(comment)}`)
    // From here on readers are blocked: none can have seen a later block than the replaced build has now.
    const seen = await lastBlock(client, served)
    const deadline = performance.now() + CATCH_UP_MS
    let isCurrent = await isAt(client, build, seen)
    while (!isCurrent && performance.now() < deadline) isCurrent = await isAt(client, build, seen)
    await client.query(isCurrent ? 'COMMIT' : 'ROLLBACK')
    return isCurrent
  } catch (error) {
    await client.query('ROLLBACK')
    if (isLockConflict(error)) return false
    throw error
  }
}

/**
 * The builds that others replaced for readers, unless readers went back to them. They are in the comment of a view, so
 * that they outlast the builds' tables.
 */
export async function replacedBuilds(client: pg.ClientBase, viewsSchema: string): Promise<string[]> {
  const { rows } = await client.query<{ comment: string | null }>(
    `SELECT obj_description(to_regclass($1), 'pg_class') AS comment`,
    [`${quote(viewsSchema)}.head`],
  )
  return rows[0]?.comment?.split(' ') ?? []
}

/** Whether a statement failed because another session has a lock. */
const isLockConflict = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && LOCK_CONFLICTS.includes(error.code ?? '')

/** The last block of the served build; -1 if there is none. */
async function lastBlock(client: pg.ClientBase, served: string | undefined): Promise<number> {
  const position = served === undefined ? undefined : await positionOf(client, served)
  return position?.block ?? -1
}

/** Whether the build is consistent and at `block` or a later one. */
async function isAt(client: pg.ClientBase, build: string, block: number): Promise<boolean> {
  const position = await positionOf(client, build)
  return position?.isConsistent === true && position.block >= block
}

/** Undefined if the build has no block, or no tables. */
export async function positionOf(client: Pick<pg.Pool, 'query'>, build: string): Promise<Position | undefined> {
  const { rows: tables } = await client.query('SELECT to_regclass($1) AS head', [`${quote(build)}.head`])
  if (tables[0].head === null) return undefined
  const { rows } = await client.query<{ block: string; hash: string; checkpoint: string; mark: string }>(
    `SELECT number AS block, hash, substring(latest_checkpoint FROM 27 FOR 16)::int8 AS checkpoint, hash || latest_checkpoint AS mark
     FROM ${quote(build)}.head JOIN ${quote(build)}._ponder_checkpoint USING (chain_id)`,
  )
  if (!rows[0]) return undefined
  const { block, hash, checkpoint, mark } = rows[0]
  return { block: Number(block), hash, isConsistent: block === checkpoint, mark }
}

/**
 * Points our views at the build's tables. Other views stay, also those that read ours, unless a column that they could
 * read is gone or moved.
 * @throws naming a view that is in the way and is not ours.
 */
async function replaceViews(client: pg.ClientBase, build: string, viewsSchema: string) {
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${quote(viewsSchema)}`)
  // `head` first. A reader's transaction reads it first, too, and keeps its view locked until its end. So no transaction
  // finds one view of the build before and another of this build: look-ups of views do not follow a snapshot.
  const tables = (await tablesOf(client, build)).toSorted((a, b) => Number(b === 'head') - Number(a === 'head'))
  const ours = await ourViews(client, viewsSchema)
  for (const table of tables) {
    const view = `${quote(viewsSchema)}.${quote(table)}`
    const definition = `VIEW ${view} AS SELECT * FROM ${quote(build)}.${quote(table)}`
    if (!ours.includes(table)) await create(client, definition, view)
    else if (!(await replace(client, definition))) await client.query(`DROP VIEW ${view}; CREATE ${definition}`)
  }
  for (const view of ours.filter((name) => !tables.includes(name))) {
    await client.query(`DROP VIEW ${quote(viewsSchema)}.${quote(view)}`)
  }
}

/** Creates a view. @throws if another relation has its name: `OR REPLACE` would overwrite an operator's view. */
async function create(client: pg.ClientBase, definition: string, view: string) {
  try {
    await client.query(`CREATE ${definition}`)
  } catch (cause) {
    if (!(cause instanceof pg.DatabaseError) || cause.code !== DUPLICATE_TABLE) throw cause
    throw new Error(`${view} is not the indexer's: rename it, or set another DATABASE_SCHEMA`, { cause })
  }
}

/** Replaces a view without dropping it. @returns false if its columns changed in another way than by new last ones. */
async function replace(client: pg.ClientBase, definition: string): Promise<boolean> {
  await client.query('SAVEPOINT view')
  try {
    await client.query(`CREATE OR REPLACE ${definition}`)
    return true
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== INVALID_TABLE_DEFINITION) throw error
    await client.query('ROLLBACK TO view')
    return false
  }
}

async function tablesOf(client: pg.ClientBase, build: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = $1 ORDER BY 1`,
    [build],
  )
  return rows.map(({ name }) => name).filter((name) => !name.startsWith('_reorg__'))
}

/** The views that a switch made: each reads the table of its own name in a build's schema. */
async function ourViews(client: pg.ClientBase, viewsSchema: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT DISTINCT name FROM ${VIEW_READS} JOIN pg_class ON pg_class.oid = view
     WHERE relkind = 'v' AND relnamespace = to_regnamespace($1) AND relname = name AND build ~ $2 ORDER BY 1`,
    [quote(viewsSchema), NAME_PATTERN],
  )
  return rows.map(({ name }) => name)
}
