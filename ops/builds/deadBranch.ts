import pg from 'pg'
import { BlockNotFoundError, type Hash, type PublicClient } from 'viem'
import { isRunning, listBuilds } from './builds.ts'

/** The schema in which Ponder caches, for all builds, its answers about finalized blocks. */
const CACHE = 'ponder_sync'

/** The cache's tables, each with its block number column. */
const CACHE_TABLES = [
  ['logs', 'block_number'],
  ['traces', 'block_number'],
  ['transaction_receipts', 'block_number'],
  ['transactions', 'block_number'],
  ['rpc_request_results', 'block_number'],
  ['blocks', 'number'],
] as const

export type CachedBlock = { number: bigint; hash: Hash }

/**
 * Ponder counts blocks as finalized that are 30 behind the latest, and never reads them again. When a reorg removes
 * one, the index would continue from the rows of an orphaned branch, even after a restart.
 * @returns the latest block in the cache if the chain does not have it; undefined if the chain has it, the cache is
 * empty, or the node does not know its height yet.
 */
export async function findDeadBlock(client: pg.ClientBase, chain: PublicClient, chainId: number) {
  const latest = await cachedBefore(client, chainId)
  return latest && (await isDead(chain, latest)) ? latest : undefined
}

/** The latest block in the cache that the chain has too; undefined if there is none. */
export async function findForkBlock(client: pg.ClientBase, chain: PublicClient, chainId: number) {
  let block = await cachedBefore(client, chainId)
  while (block && (await isDead(chain, block))) block = await cachedBefore(client, chainId, block.number)
  return block
}

/**
 * Removes the cached blocks after `fork`, and the builds that have rows of them. Their readers get INDEX_BEHIND until
 * the next start has indexed the chain again.
 * @returns the schemas of the removed builds.
 * @throws naming a build that is running.
 */
export async function removeBranch(client: pg.ClientBase, chainId: number, fork: bigint): Promise<string[]> {
  const builds = await buildsAfter(client, chainId, fork)
  await client.query('BEGIN')
  try {
    for (const build of builds) await client.query(`DROP SCHEMA ${pg.escapeIdentifier(build)} CASCADE`)
    for (const [table, column] of CACHE_TABLES) {
      await client.query(`DELETE FROM ${CACHE}.${table} WHERE chain_id = $1 AND ${column} > $2`, [chainId, fork])
    }
    // The end of Ponder's ranges is exclusive.
    await client.query(
      `UPDATE ${CACHE}.intervals SET blocks = blocks * nummultirange(numrange(0, $2::numeric + 1, '[]')) WHERE chain_id = $1`,
      [chainId, fork],
    )
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
  return builds
}

async function cachedBefore(client: pg.ClientBase, chainId: number, before?: bigint): Promise<CachedBlock | undefined> {
  const { rows: tables } = await client.query('SELECT to_regclass($1) AS blocks', [`${CACHE}.blocks`])
  if (tables[0].blocks === null) return undefined
  const { rows } = await client.query<{ number: string; hash: Hash }>(
    `SELECT number, hash FROM ${CACHE}.blocks
     WHERE chain_id = $1 AND ($2::int8 IS NULL OR number < $2) ORDER BY number DESC LIMIT 1`,
    [chainId, before ?? null],
  )
  return rows[0] && { number: BigInt(rows[0].number), hash: rows[0].hash }
}

/** Whether another block has its height. False if the node does not have the height yet. */
async function isDead(chain: PublicClient, { number, hash }: CachedBlock): Promise<boolean> {
  try {
    return (await chain.getBlock({ blockNumber: number })).hash !== hash
  } catch (error) {
    if (error instanceof BlockNotFoundError) return false
    throw error
  }
}

/** The chain's builds that count a block after `fork` as finalized. @throws naming one that is running. */
async function buildsAfter(client: pg.ClientBase, chainId: number, fork: bigint): Promise<string[]> {
  const builds = []
  for (const build of await listBuilds(client, chainId)) {
    const { rowCount } = await client.query(
      `SELECT FROM ${pg.escapeIdentifier(build)}._ponder_checkpoint
       WHERE substring(finalized_checkpoint FROM 27 FOR 16)::int8 > $1`,
      [fork],
    )
    if (rowCount === 0) continue
    if (await isRunning(client, build)) {
      throw new Error(
        `Build ${build} is running, or was killed less than 25 seconds ago: stop its indexer, then try again`,
      )
    }
    builds.push(build)
  }
  return builds
}
