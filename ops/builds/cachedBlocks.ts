import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Logger } from 'pino'
import { connect } from '../database/connect.ts'
import { NAME_PATTERN } from './builds.ts'

/** The newest blocks stay: they show where a reorg forked, and they are more than Ponder counts as unfinalized. */
const KEPT_BLOCKS = 10_000

/** Rows deleted in one transaction. */
const BATCH_ROWS = 10_000

const HOUR_MS = 3_600_000

type Options = { databaseUrl: string; chainId: number; logger: Logger }

/** Prunes the chain's cached blocks now and once an hour, until the process ends. */
export async function keepCacheSmall({ databaseUrl, chainId, logger }: Options): Promise<never> {
  for (;;) {
    try {
      await using client = await connect(databaseUrl, { application_name: 'runline_cache' })
      const blocks = await pruneCachedBlocks(client, chainId)
      if (blocks > 0) logger.info({ blocks }, 'Pruned cached blocks without events')
    } catch (err) {
      logger.warn({ err }, 'Cannot prune cached blocks; the next try is in an hour')
    }
    await sleep(HOUR_MS, undefined, { ref: false })
  }
}

/**
 * Deletes cached blocks that hold no event. Ponder caches each finalized block, because `head` has an event of each.
 *
 * Safe, because a build never needs them again: `head` starts at the latest block of each start, and only its last event
 * counts. A build that starts later reads a block that another event needs, and those stay. The pruned range is removed
 * from the ranges that Ponder counts as cached. So a Ponder app that starts later reads it from the node. One that runs
 * now may have read the ranges before: then nothing is pruned.
 * @returns how many rows it deleted.
 */
export async function pruneCachedBlocks(
  client: pg.ClientBase,
  chainId: number,
  keptBlocks: number = KEPT_BLOCKS,
): Promise<number> {
  const { rowCount: foreignApps } = await client.query(
    `SELECT FROM pg_tables WHERE tablename = '_ponder_meta' AND schemaname !~ $1`,
    [NAME_PATTERN],
  )
  if (foreignApps !== 0) return 0
  const { rows } = await client.query<{ limit: string | null }>(
    `SELECT max(number) - $2::int8 + 1 AS limit FROM ponder_sync.blocks WHERE chain_id = $1`,
    [chainId, keptBlocks],
  )
  const limit = Number(rows[0]?.limit ?? 0)
  if (limit <= 0) return 0
  // Before any row is deleted. The end of the removed range is exclusive: Ponder parses only ranges that begin with `[`.
  await client.query(
    `UPDATE ponder_sync.intervals SET blocks = blocks - nummultirange(numrange(0, $2::numeric, '[)'))
     WHERE chain_id = $1 AND starts_with(fragment_id, 'block_')`,
    [chainId, limit],
  )
  let deleted = 0
  for (;;) {
    const { rowCount } = await client.query(
      `DELETE FROM ponder_sync.blocks WHERE chain_id = $1 AND number IN (
         SELECT number FROM ponder_sync.blocks AS block WHERE chain_id = $1 AND number < $2
           AND ${['logs', 'transactions', 'transaction_receipts', 'traces'].map(hasNone).join(' AND ')}
         ORDER BY number LIMIT ${BATCH_ROWS})`,
      [chainId, limit],
    )
    deleted += rowCount ?? 0
    if (rowCount !== BATCH_ROWS) return deleted
  }
}

const hasNone = (table: string) =>
  `NOT EXISTS (SELECT FROM ponder_sync.${table} WHERE chain_id = $1 AND block_number = block.number)`
