import pg from 'pg'

/** Milliseconds that the switch waits for readers before it lets them go first. They wait for it for 250 ms. */
const LOCK_TIMEOUT = 100

/** Milliseconds that the switch waits, while readers wait for it, for this build to have what they have seen. */
const CATCH_UP = 100

/** So many blocks behind it is worth trying. */
const NEAR = 5

/** PostgreSQL's words for having lost to a reader: lock_not_available, deadlock_detected. */
const CONTENDED = ['55P03', '40P01']

/** Who serves readers, and who would. Both are schemas with the tables of one build. */
export type Switch = { build: string; served: string | undefined; viewsSchema: string }

const quote = pg.escapeIdentifier

/** The schema of the tables that readers see through the views; undefined if there are no views. */
export async function servedBuild(client: pg.ClientBase, viewsSchema: string): Promise<string | undefined> {
  const { rows } = await client.query<{ build: string }>(
    `SELECT relnamespace::regnamespace::text AS build
     FROM pg_rewrite JOIN pg_depend ON objid = pg_rewrite.oid JOIN pg_class ON pg_class.oid = refobjid
     WHERE ev_class = to_regclass($1) AND classid = 'pg_rewrite'::regclass AND refclassid = 'pg_class'::regclass
       AND relkind = 'r'`,
    [`${quote(viewsSchema)}.head`],
  )
  return rows[0]?.build
}

/**
 * Lets readers see the build's tables instead of what they see now, all at once, if what they then see is whole and not
 * older. Ponder's own switch comes before its first live block, so that readers would be without a head for seconds, and
 * again at each restart, also of a build that was replaced.
 * @returns whether it did; if not, it is to be tried again.
 */
export async function switchViews(client: pg.ClientBase, { build, served, viewsSchema }: Switch): Promise<boolean> {
  if (!(await isAt(client, build, (await lastBlock(client, served)) - NEAR))) return false
  await client.query(`BEGIN; SET LOCAL lock_timeout = ${LOCK_TIMEOUT}`)
  try {
    await replaceViews(client, build, viewsSchema)
    // Readers wait from here on: none has seen more than the replaced build has now.
    const seen = await lastBlock(client, served)
    const deadline = performance.now() + CATCH_UP
    let isLater = await isAt(client, build, seen)
    while (!isLater && performance.now() < deadline) isLater = await isAt(client, build, seen)
    await client.query(isLater ? 'COMMIT' : 'ROLLBACK')
    return isLater
  } catch (error) {
    await client.query('ROLLBACK')
    if (error instanceof pg.DatabaseError && CONTENDED.includes(error.code ?? '')) return false
    throw error
  }
}

/** The last block of a build; -1 if there is none. */
async function lastBlock(client: pg.ClientBase, build: string | undefined): Promise<number> {
  if (build === undefined) return -1
  const { rows } = await client.query<{ number: string }>(`SELECT number FROM ${quote(build)}.head`)
  return Number(rows[0]?.number ?? -1)
}

/** Whether the build is whole at the block or a later one. */
async function isAt(client: pg.ClientBase, build: string, block: number): Promise<boolean> {
  const { rows: tables } = await client.query('SELECT to_regclass($1) AS head', [`${quote(build)}.head`])
  if (tables[0].head === null) return false
  const { rows } = await client.query(
    `SELECT number = substring(latest_checkpoint FROM 27 FOR 16)::int8 AND number >= $1 AS ready
     FROM ${quote(build)}.head JOIN ${quote(build)}._ponder_checkpoint USING (chain_id)`,
    [block],
  )
  return rows[0]?.ready ?? false
}

async function replaceViews(client: pg.ClientBase, build: string, viewsSchema: string) {
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${quote(viewsSchema)}`)
  for (const view of await namesIn(client, 'pg_views', viewsSchema)) {
    await client.query(`DROP VIEW ${quote(viewsSchema)}.${quote(view)}`)
  }
  const tables = await namesIn(client, 'pg_tables', build)
  for (const table of tables.filter((name) => !name.startsWith('_reorg__'))) {
    await client.query(
      `CREATE VIEW ${quote(viewsSchema)}.${quote(table)} AS SELECT * FROM ${quote(build)}.${quote(table)}`,
    )
  }
  await client.query(hintsOf(build, viewsSchema))
}

async function namesIn(client: pg.ClientBase, catalog: 'pg_views' | 'pg_tables', schema: string) {
  const column = catalog === 'pg_views' ? 'viewname' : 'tablename'
  const { rows } = await client.query<{ name: string }>(
    `SELECT ${column} AS name FROM ${catalog} WHERE schemaname = $1 ORDER BY 1`,
    [schema],
  )
  return rows.map(({ name }) => name)
}

/** Tells whoever listens for the views' schema that the build has committed a block: Ponder tells it for its own only. */
function hintsOf(build: string, viewsSchema: string) {
  return `
    CREATE OR REPLACE FUNCTION ${quote(viewsSchema)}.tell_of_block() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_notify(TG_ARGV[0], ''); RETURN NULL; END $$;
    CREATE OR REPLACE TRIGGER tell_of_block AFTER INSERT OR UPDATE ON ${quote(build)}._ponder_checkpoint
      FOR EACH STATEMENT EXECUTE FUNCTION ${quote(viewsSchema)}.tell_of_block('${viewsSchema}_live_query')`
}
