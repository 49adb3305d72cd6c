import { eq, fillPlaceholders, is, Placeholder, type SQL, sql } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import { type AnyPgColumn, bigint, PgDialect, pgTable, QueryBuilder, varchar } from 'drizzle-orm/pg-core'
import pg from 'pg'
import type { Hex } from 'viem'
import { head } from '../../../ponder.schema.ts'
import type { ReadQuery } from '../database/sharedConnections.ts'

/** The part of drizzle that queries use. */
export type Database = Pick<NodePgDatabase, 'select' | '$with' | 'with'> & {
  $client: { query<Row extends pg.QueryResultRow>(query: ReadQuery, values: unknown[]): Promise<pg.QueryResult<Row>> }
}

/** Ponder's own table of the latest indexed event, one row per chain. It is not part of ponder.schema.ts. */
const checkpoint = pgTable('_ponder_checkpoint', {
  chainId: bigint('chain_id', { mode: 'number' }).notNull(),
  latestCheckpoint: varchar('latest_checkpoint', { length: 75 }).notNull(),
  finalizedCheckpoint: varchar('finalized_checkpoint', { length: 75 }).notNull(),
})

/** Names of columns are those of Ponder. */
const dialect = new PgDialect({ casing: 'snake_case' })
const builder = new QueryBuilder(dialect)

/** A checkpoint has 10 digits of timestamp and 16 of chain id before the 16 of the block number. */
const blockOf = (column: AnyPgColumn) => sql<bigint>`substring(${column} from 27 for 16)::int8`.mapWith(BigInt)

/** The latest block that Ponder counts as finalized: a subquery of one value. */
export const finalizedBlock = sql`(select ${blockOf(checkpoint.finalizedCheckpoint)} from ${checkpoint}
  where ${checkpoint.chainId} = ${sql.placeholder('chainId')})`

/**
 * The CTE `snapshot`: one row, or none while no block is indexed. A query selects from it and left-joins the rows that
 * it reads. So rows, head and checkpoint come from one statement, and thus from one state of the database.
 */
const snapshotCte = builder.$with('snapshot').as(
  builder
    .select({
      number: head.number,
      hash: head.hash,
      timestamp: head.timestamp,
      checkpoint: blockOf(checkpoint.latestCheckpoint).as('checkpoint'),
      now: sql<bigint>`greatest(${head.timestamp}, ${sql.placeholder('clock')}::int8)`.mapWith(BigInt).as('now'),
    })
    .from(head)
    .innerJoin(checkpoint, eq(checkpoint.chainId, head.chainId))
    .where(eq(head.chainId, sql.placeholder('chainId'))),
)

/** The beginning of a statement that is written in SQL: `with` and the CTE `snapshot`. */
export const withSnapshot = sql`with "snapshot" as (${snapshotCte._.sql})`

/**
 * The block at which an answer is true. `now`, in seconds, is the later of the block's timestamp and the clock: the
 * earliest time at which a new transaction can run. `checkpoint` is the block of Ponder's own checkpoint.
 */
export type Snapshot = { number: bigint; hash: Hex; timestamp: bigint; checkpoint: bigint; now: bigint }

/** Whether the rows are those of the block `number`. They are not while Ponder reverts and replays rows. */
export function isConsistent({ number, checkpoint }: Snapshot): boolean {
  return number === checkpoint
}

/** The snapshot's `now`, for other subqueries of the statement. It is evaluated once, so that an index can be used. */
export const now = sql<bigint>`(select "now" from "snapshot")`

/** The chain to read, and this machine's time in seconds. */
type Moment = { chainId: number; clock: number }

/** A slice of an ordered list. */
export type Page = { limit: number; offset: number }

/** The data that a statement read, and its block. */
export type SnapshotResult<T> = { snapshot: Snapshot; data: T }

/**
 * One SQL statement over the CTE `snapshot`. Undefined if the CTE has no row. It does not check whether the snapshot
 * may be served: `IndexReader` does.
 */
export type SnapshotQuery<T> = (db: Database, moment: Moment) => Promise<SnapshotResult<T> | undefined>

type Prepared<Row> = { execute(values: Record<string, unknown>): Promise<Row[]> }

/**
 * A prepared query. It is built once per database, and parsed and planned once per connection, because either takes
 * longer than reading a page.
 * @param name the name of the prepared statement. Each name has one text.
 * @param build uses placeholders for values that change between reads.
 */
export function snapshotQuery<Row extends { snapshot: Snapshot }>(
  name: string,
  build: (db: Database, snapshot: typeof snapshotCte) => { prepare(name: string): Prepared<Row> },
) {
  const statements = new WeakMap<Database, Prepared<Row>>()
  return <T>(values: Record<string, unknown>, dataOf: (first: Row, rows: Row[]) => T): SnapshotQuery<T> =>
    async (db, moment) => {
      const statement = statements.get(db) ?? build(db, snapshotCte).prepare(name)
      statements.set(db, statement)
      const rows = await statement.execute({ ...moment, ...values })
      const [first] = rows
      return first && { snapshot: first.snapshot, data: dataOf(first, rows) }
    }
}

/** An int8 column is a bigint. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => (oid === pg.types.builtins.INT8 ? BigInt : pg.types.getTypeParser(oid, format)),
}

/**
 * As `snapshotQuery`, for a statement in SQL. Columns have the types of node-postgres, but int8 is bigint. The most
 * frequent reads use it: drizzle's mapping took 6 % of this process's time for a page.
 * @param statement begins with `withSnapshot`, and selects `"snapshot".*` and each column of `Row` by its name.
 * @returns a function of the values, the decoder, and whether this read may take so long that it must not share a
 * connection.
 */
export function plainQuery<Row>(name: string, statement: SQL) {
  const { text, params } = withParameters(statement)
  return <T>(
    values: Record<string, unknown>,
    dataOf: (first: Row, rows: Row[]) => T,
    { alone }: Pick<ReadQuery, 'alone'> = {},
  ): SnapshotQuery<T> =>
    async (db, moment) => {
      const filled = fillPlaceholders(params, { ...moment, ...values })
      const { rows } = await db.$client.query<Snapshot & Row>({ name, text, alone, types }, filled)
      const [first] = rows
      if (first === undefined) return undefined
      const { number, hash, timestamp, checkpoint, now } = first
      return { snapshot: { number, hash, timestamp, checkpoint, now }, data: dataOf(first, rows) }
    }
}

/** A statement's text and parameters. A value that it uses several times, of one type, is one parameter. */
function withParameters(statement: SQL): { text: string; params: unknown[] } {
  const query = dialect.sqlToQuery(statement)
  const nameOf = (param: unknown) => (is(param, Placeholder) ? param.name : param)
  const params = query.params.filter(
    (param, at) => query.params.findIndex((other) => nameOf(other) === nameOf(param)) === at,
  )
  const numberOf = (param: unknown) => 1 + params.findIndex((other) => nameOf(other) === nameOf(param))
  const text = query.sql.replace(/\$(\d+)/g, (_, number: string) => `$${numberOf(query.params[Number(number) - 1])}`)
  return { text, params }
}

/** Reads only the snapshot. */
export const snapshotOnly = plainQuery('snapshot', sql`${withSnapshot} select * from "snapshot"`)({}, () => null)
