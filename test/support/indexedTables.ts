import { type SQL, sql } from 'drizzle-orm'
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import type { Hex } from 'viem'
// @ts-expect-error Ponder exports neither, and keeps their types elsewhere
import { getSql as untypedGetSql } from '../../node_modules/ponder/dist/esm/drizzle/kit/index.js'
// @ts-expect-error
import { encodeCheckpoint as untypedEncode } from '../../node_modules/ponder/dist/esm/utils/checkpoint.js'
import type { getSql as GetSql } from '../../node_modules/ponder/dist/types/drizzle/kit/index.d.ts'
import type { encodeCheckpoint as Encode } from '../../node_modules/ponder/dist/types/utils/checkpoint.d.ts'
import { followBlocks } from '../../ops/builds/followBlocks.ts'
import { indexStatements } from '../../ops/builds/indexes.ts'
import { storageStatements } from '../../ops/builds/storage.ts'
import * as schema from '../../ponder.schema.ts'
import { migrateContent } from '../../src/api/content/migrations.ts'

const getSql: typeof GetSql = untypedGetSql
const encodeCheckpoint: typeof Encode = untypedEncode

export const chainId = 31337

/** The schemas of Ponder's tables and of the readers' views, as under `ponder start`. */
export const tablesSchema = 'runline_build'
export const viewsSchema = 'runline'

/** The block at which the tables are. `timestamp` in seconds; `hash` is `blockHash` if absent. */
type Block = { number: bigint; timestamp: bigint; hash?: Hex; finalized?: bigint }

type Writer = Pick<NodePgDatabase, 'insert' | 'update' | 'execute'>

export const blockHash = (number: bigint) => `0x${number.toString(16).padStart(64, '0')}` as const

const countOf = (state: string) => sql`count(*) FILTER (WHERE state = ${state})`

const stateColumns = sql.join(
  schema.runStates.map((state) => sql.identifier(state.toLowerCase())),
  sql`, `,
)

const stateCounts = sql.join(schema.runStates.map(countOf), sql`, `)

const stepColumns = sql.join(
  schema.agentSteps.map((step) => sql.identifier(step.toLowerCase())),
  sql`, `,
)

const stepCounts = sql.join(
  schema.agentSteps.map((step) => sql`count(*) FILTER (WHERE step = ${step})`),
  sql`, `,
)

const isOwn = sql`(payer IS NULL OR payer = lower(poster_address))`

const ownStateCounts = sql.join(
  schema.runStates.map((state) => sql`count(*) FILTER (WHERE state = ${state} AND ${isOwn})`),
  sql`, `,
)

const excludedColumns = sql.join(
  schema.runStates.map((state) => sql`excluded.${sql.identifier(state.toLowerCase())}`),
  sql`, `,
)

/**
 * Counts the runs: by poster, whose decisions stay as they are, and by day. A day has the runs created on it, as if they had
 * all their changes on that day.
 */
export const countRuns = [
  sql`
    INSERT INTO poster (address, ${stateColumns}, paid_by_others)
    SELECT poster_address, ${ownStateCounts}, count(*) FILTER (WHERE NOT ${isOwn}) FROM run GROUP BY 1
    ON CONFLICT (address) DO UPDATE SET (${stateColumns}, paid_by_others) = (${excludedColumns}, excluded.paid_by_others)`,
  sql`
    INSERT INTO market_day (day, ${stateColumns}, escrowed, locked, paid, claims, claim_seconds)
    SELECT created_at / 86400 * 86400, ${stateCounts},
      coalesce(sum(reward + fee) FILTER (WHERE state NOT IN ('DRAFT', 'APPROVED', 'REJECTED')), 0),
      coalesce(sum(stake) FILTER (WHERE state IN ('CLAIMED', 'IN_PROGRESS', 'SUBMITTED', 'REVISION_REQUESTED')), 0),
      coalesce(sum(reward) FILTER (WHERE state = 'APPROVED'), 0),
      count(claimed_at), coalesce(sum(claimed_at - created_at), 0)
    FROM run GROUP BY 1`,
]

/** Counts the agents, as if all their changes were on one day. */
const countAgents = sql`
    INSERT INTO market_day (day, ${stepColumns}, staked, fees_paid)
    SELECT 0, ${stepCounts}, coalesce(sum(staked_amount), 0), coalesce(sum(fees_paid), 0) FROM agent`

/** Sets each agent's step by the contract's rule. */
const setSteps = sql`
    UPDATE agent SET step = CASE
      WHEN owner IS NULL THEN NULL WHEN banned THEN 'BANNED' WHEN frozen THEN 'FROZEN'
      WHEN staked_amount < 20000000 THEN 'UNVERIFIED' WHEN completions >= 5 THEN 'PROVEN' ELSE 'PROVISIONAL' END`

/** Ponder's checkpoint at the end of a block. Ids of events are checkpoints too. */
export const checkpointOf = ({ number, timestamp }: Block, logIndex = 9_999_999_999_999_999n) =>
  encodeCheckpoint({
    chainId,
    blockNumber: number,
    blockTimestamp: timestamp,
    transactionIndex: logIndex,
    eventType: 9,
    eventIndex: logIndex,
  })

/**
 * A database as Ponder leaves it, in which a test acts as the indexer. Ponder's own statements create tables, enums,
 * views and checkpoints from ponder.schema.ts, so that they cannot differ from the real ones.
 */
export function indexedDatabaseAt(url: string) {
  const pool = new pg.Pool({ connectionString: url, max: 4, options: `-c search_path=${tablesSchema}` })
  const db = drizzle(pool, { casing: 'snake_case' })

  /** What Ponder and the indexer do between a start and the first block; backfilled rows come before the indexes. */
  async function create(...backfill: SQL[]) {
    const { enums, tables } = getSql(schema)
    await pool.query(`CREATE SCHEMA ${tablesSchema}; CREATE SCHEMA ${viewsSchema}`)
    await pool.query(enums.sql.map((text) => text.replaceAll('"public".', '')).join(';'))
    // Ponder's own log for reverts is not visible to readers.
    await pool.query(tables.sql.filter((text) => !text.includes('_reorg__')).join(';'))
    for (const rows of backfill) await db.execute(rows)
    await pool.query(indexStatements(tablesSchema).join(';'))
    await pool.query(`CREATE TABLE _ponder_checkpoint (
      chain_name TEXT PRIMARY KEY,
      chain_id BIGINT NOT NULL,
      safe_checkpoint VARCHAR(75) NOT NULL,
      latest_checkpoint VARCHAR(75) NOT NULL,
      finalized_checkpoint VARCHAR(75) NOT NULL
    )`)
    // Reads join it.
    await migrateContent(pool, chainId)
    await followBlocks(pool, tablesSchema, viewsSchema)
    await pool.query(storageStatements(tablesSchema).join(';'))
    const { rows } = await pool.query<{ name: string }>(
      'SELECT tablename AS name FROM pg_tables WHERE schemaname = $1',
      [tablesSchema],
    )
    await pool.query(rows.map(({ name }) => `CREATE VIEW ${viewsSchema}.${name} AS SELECT * FROM ${name}`).join(';'))
  }

  /** Ponder's record of its progress. */
  async function setCheckpoint({ number, timestamp, finalized = number }: Block, tx: Writer) {
    const latest = checkpointOf({ number, timestamp })
    const final = checkpointOf({ number: finalized, timestamp })
    await tx.execute(sql`INSERT INTO _ponder_checkpoint
      VALUES ('market', ${chainId}, ${latest}, ${latest}, ${final})
      ON CONFLICT (chain_name) DO UPDATE SET latest_checkpoint = excluded.latest_checkpoint,
        finalized_checkpoint = excluded.finalized_checkpoint`)
  }

  async function setHead({ number, timestamp, hash = blockHash(number) }: Block, tx: Writer = db) {
    const block = { number, hash, timestamp }
    await tx
      .insert(schema.head)
      .values({ chainId, ...block })
      .onConflictDoUpdate({ target: schema.head.chainId, set: block })
    await tx
      .insert(schema.recentBlock)
      .values({ slot: number % schema.RECENT_BLOCKS, ...block })
      .onConflictDoUpdate({ target: schema.recentBlock.slot, set: block })
  }

  /** Indexes a block: its rows, head and checkpoint in one transaction. Recomputes the counts. */
  async function moveTo(block: Block, writeRows?: (tx: Writer) => PromiseLike<unknown>) {
    await db.transaction(async (tx) => {
      await writeRows?.(tx)
      await tx.execute(sql`DELETE FROM market_day`)
      for (const statement of [...countRuns, setSteps, countAgents]) await tx.execute(statement)
      await setHead(block, tx)
      await setCheckpoint(block, tx)
    })
  }

  /** Indexes a block in which nothing changes. */
  const addBlock = (block: Block) =>
    db.transaction(async (tx) => {
      await setHead(block, tx)
      await setCheckpoint(block, tx)
    })

  async function close() {
    // The pool has ended before its connections have. A server that stops now ends them with an error.
    pool.on('error', () => undefined)
    await pool.end()
  }

  return { url, db, pool, create, setHead, addBlock, moveTo, close }
}

export type IndexedDatabase = ReturnType<typeof indexedDatabaseAt>
