import type pg from 'pg'
import type { Hash, PublicClient } from 'viem'
import { positionOf } from './views.ts'

/**
 * The block at which a start of the build continues with the stored rows. Without one, Ponder reverts the rows of all
 * blocks that are not final, and readers get no answer until it has indexed them again.
 * @returns undefined if the rows are not those of one block, as within a reorg, or if the chain has another block there.
 * @throws if the node does not answer, or is behind the rows.
 */
export async function storedBlock(
  client: pg.ClientBase,
  build: string,
  chain: PublicClient,
): Promise<{ number: number; hash: Hash } | undefined> {
  const position = await positionOf(client, build)
  if (!position?.isConsistent) return undefined
  const { hash } = await chain.getBlock({ blockNumber: BigInt(position.block) })
  return hash === position.hash ? { number: position.block, hash } : undefined
}
