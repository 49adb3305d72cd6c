import pg from 'pg'
import type { PublicClient } from 'viem'
import { type FinalizedBlock, findDeadBlock, findForkBlock } from '../../core/database/finalizedBlocks.ts'
import { inTransaction } from '../../core/database/transaction.ts'
import { isUnlocked } from './buildLock.ts'
import { listBuilds } from './builds.ts'

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

export type Recovery = { dead: FinalizedBlock; fork: bigint; builds: string[] }

/**
 * Recovers from a reorg deeper than Ponder's finality: removes the orphaned branch, if there is one.
 * @throws naming a build that is running.
 */
export async function recover(
  client: pg.ClientBase,
  chain: PublicClient,
  chainId: number,
): Promise<Recovery | undefined> {
  const dead = await findDeadBlock(client, chain, chainId)
  if (!dead) return undefined
  const fork = (await findForkBlock(client, chain, chainId))?.number ?? 0n
  return { dead, fork, builds: await removeBranch(client, chainId, fork) }
}

/**
 * Removes the cached blocks after `fork`, and the builds that have rows of them. Their readers get INDEX_BEHIND until
 * the next start has indexed the chain again.
 * @returns the schemas of the removed builds.
 * @throws naming a build that is running.
 */
export async function removeBranch(client: pg.ClientBase, chainId: number, fork: bigint): Promise<string[]> {
  // The transaction keeps a process from starting one of the builds until all is removed.
  return await inTransaction(client, async () => {
    const builds = await buildsAfter(client, fork)
    for (const build of builds) await client.query(`DROP SCHEMA ${pg.escapeIdentifier(build)} CASCADE`)
    for (const [table, column] of CACHE_TABLES) {
      await client.query(`DELETE FROM ${CACHE}.${table} WHERE chain_id = $1 AND ${column} > $2`, [chainId, fork])
    }
    // The end of Ponder's ranges is exclusive.
    await client.query(
      `UPDATE ${CACHE}.intervals SET blocks = blocks * nummultirange(numrange(0, $2::numeric + 1, '[]')) WHERE chain_id = $1`,
      [chainId, fork],
    )
    return builds
  })
}

/** The builds that count a block after `fork` as finalized. @throws naming one that is running. */
async function buildsAfter(client: pg.ClientBase, fork: bigint): Promise<string[]> {
  const builds = []
  for (const build of await listBuilds(client)) {
    const { rowCount } = await client.query(
      `SELECT FROM ${pg.escapeIdentifier(build)}._ponder_checkpoint
       WHERE substring(finalized_checkpoint FROM 27 FOR 16)::int8 > $1`,
      [fork],
    )
    if (rowCount === 0) continue
    if (!(await isUnlocked(client, build)))
      throw new Error(`Build ${build} is running: stop its indexer, then try again`)
    builds.push(build)
  }
  return builds
}
