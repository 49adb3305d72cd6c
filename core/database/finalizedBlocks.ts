import type pg from 'pg'
import { BlockNotFoundError, type Hash, type PublicClient } from 'viem'

type Queryable = Pick<pg.Pool, 'query'>

/** A block that Ponder counts as finalized. */
export type FinalizedBlock = { number: bigint; hash: Hash }

/**
 * Ponder counts blocks as finalized that are some number behind the latest, and never reads them again. When a reorg removes
 * one, the index would continue from the rows of an orphaned branch, even after a restart.
 * @returns the latest block in Ponder's cache if the chain has another block at its height; undefined if the chain has
 * it, the cache is empty, or the node does not know the height yet: a node behind its siblings is no reorg.
 */
export async function findDeadBlock(client: Queryable, chain: PublicClient, chainId: number) {
  const latest = await cachedBefore(client, chainId)
  return latest && (await isDead(chain, latest)) ? latest : undefined
}

/** The latest block in the cache that the chain has too; undefined if there is none. */
export async function findForkBlock(client: Queryable, chain: PublicClient, chainId: number) {
  let block = await cachedBefore(client, chainId)
  while (block && (await isDead(chain, block))) block = await cachedBefore(client, chainId, block.number)
  return block
}

async function cachedBefore(client: Queryable, chainId: number, before?: bigint): Promise<FinalizedBlock | undefined> {
  const { rows: tables } = await client.query("SELECT to_regclass('ponder_sync.blocks') AS blocks")
  if (tables[0].blocks === null) return undefined
  const { rows } = await client.query<{ number: string; hash: Hash }>(
    `SELECT number, hash FROM ponder_sync.blocks
     WHERE chain_id = $1 AND ($2::int8 IS NULL OR number < $2) ORDER BY number DESC LIMIT 1`,
    [chainId, before ?? null],
  )
  return rows[0] && { number: BigInt(rows[0].number), hash: rows[0].hash }
}

async function isDead(chain: PublicClient, { number, hash }: FinalizedBlock): Promise<boolean> {
  try {
    return (await chain.getBlock({ blockNumber: number })).hash !== hash
  } catch (error) {
    if (error instanceof BlockNotFoundError) return false
    throw error
  }
}
