import pg from 'pg'
import { BlockNotFoundError, type Hash, type PublicClient } from 'viem'
import { isRunning, listBuilds } from './builds.ts'

/** Where Ponder keeps, for all builds, what it has fetched of final blocks. */
const CACHE = 'ponder_sync'

/** Its tables, each with its column of the block's number. */
const CACHED = [
  ['logs', 'block_number'],
  ['traces', 'block_number'],
  ['transaction_receipts', 'block_number'],
  ['transactions', 'block_number'],
  ['rpc_request_results', 'block_number'],
  ['blocks', 'number'],
] as const

export type CachedBlock = { number: bigint; hash: Hash }

/**
 * Ponder takes blocks for final that are 30 behind the latest, and never looks at them again: where the chain leaves
 * one, the tables go on from rows of a branch that is dead, also after a restart.
 * @returns the latest such block, or undefined if the chain has the latest block that Ponder takes for final, or the node
 * cannot tell.
 */
export async function findDeadBlock(client: pg.ClientBase, chain: PublicClient, chainId: number) {
  const latest = await cachedBefore(client, chainId)
  return latest && (await isDead(chain, latest)) ? latest : undefined
}

/** The latest block in the cache that the chain has too; undefined if it has none of them. */
export async function findForkBlock(client: pg.ClientBase, chain: PublicClient, chainId: number) {
  let block = await cachedBefore(client, chainId)
  while (block && (await isDead(chain, block))) block = await cachedBefore(client, chainId, block.number)
  return block
}

/**
 * Removes what Ponder has kept of the blocks behind this one, and the builds that have rows of them. Their readers are
 * told INDEX_BEHIND until the next start has indexed the chain again.
 * @returns the schemas of the builds.
 * @throws naming a build that is running.
 */
export async function removeBranch(client: pg.ClientBase, chainId: number, fork: bigint): Promise<string[]> {
  const builds = await buildsBehind(client, fork)
  await client.query('BEGIN')
  try {
    for (const build of builds) await client.query(`DROP SCHEMA ${pg.escapeIdentifier(build)} CASCADE`)
    for (const [table, column] of CACHED) {
      await client.query(`DELETE FROM ${CACHE}.${table} WHERE chain_id = $1 AND ${column} > $2`, [chainId, fork])
    }
    // Ponder's ranges end a block behind their last.
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

/** A node that does not have the height yet says nothing of the block. */
async function isDead(chain: PublicClient, { number, hash }: CachedBlock): Promise<boolean> {
  try {
    return (await chain.getBlock({ blockNumber: number })).hash !== hash
  } catch (error) {
    if (error instanceof BlockNotFoundError) return false
    throw error
  }
}

/** The builds that have rows, or a head, of blocks behind this one. @throws naming one that is running. */
async function buildsBehind(client: pg.ClientBase, fork: bigint): Promise<string[]> {
  const behind = []
  for (const build of await listBuilds(client)) {
    const { rowCount } = await client.query(
      `SELECT FROM ${pg.escapeIdentifier(build)}._ponder_checkpoint
       WHERE substring(finalized_checkpoint FROM 27 FOR 16)::int8 > $1`,
      [fork],
    )
    if (rowCount === 0) continue
    if (await isRunning(client, build)) {
      throw new Error(`${build} is running, or was killed less than 25 seconds ago: stop its indexer first`)
    }
    behind.push(build)
  }
  return behind
}
