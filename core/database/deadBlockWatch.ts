import type pg from 'pg'
import type { PublicClient } from 'viem'
import { type FinalizedBlock, findDeadBlock } from './finalizedBlocks.ts'

/** The chain is asked at least this often, should the index follow another node than this process. */
const LONGEST_INTERVAL_MS = 30_000

type Options = {
  pool: Pick<pg.Pool, 'query'>
  chain: PublicClient
  chainId: number
  /** What changes with each block that the index stores; undefined if it is not known. */
  readPosition: () => Promise<string | undefined>
}

/**
 * Repeats `findDeadBlock`, without a call to the node while the index stores blocks: Ponder stores a block only if it
 * descends from the latest finalized one. So the chain is asked where the index has stored none since the last check.
 */
export function createDeadBlockWatch({ pool, chain, chainId, readPosition }: Options) {
  let position: string | undefined
  let dead: FinalizedBlock | undefined
  let askedAt = Number.NEGATIVE_INFINITY

  /** @returns the dead block, if there is one. @throws if node or database do not answer. */
  return async (): Promise<FinalizedBlock | undefined> => {
    const before = position
    position = await readPosition()
    const isMoving = position !== undefined && before !== undefined && position !== before
    if (isMoving && !dead && performance.now() - askedAt < LONGEST_INTERVAL_MS) return undefined
    dead = await findDeadBlock(pool, chain, chainId)
    askedAt = performance.now()
    return dead
  }
}
