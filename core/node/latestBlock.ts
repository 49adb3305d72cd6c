import { hexToBigInt } from 'viem'
import { type Block, isBlock } from './block.ts'
import type { Ask } from './call.ts'

/** For this share of the time between blocks after one was found, the next one cannot be. */
const QUIET_SHARE = 0.75

/**
 * Answers polls for the latest block. A poll gets the last answer, which to Ponder is no news, while another one waits, so
 * that none queue up; soon after a block; and where the node that answers is behind, or none answers.
 * @param isKnown whether Ponder has the block. @param blockTimeMs milliseconds between blocks, if they are known.
 */
export function createLatestBlock(ask: Ask, isKnown: (block: Block) => boolean, blockTimeMs = 0): Ask {
  let last: Block | undefined
  let foundAt = Number.NEGATIVE_INFINITY
  let isAsking = false

  const isBehind = (block: Block) =>
    last !== undefined && hexToBigInt(block.number) < hexToBigInt(last.number) && isKnown(block)

  return async (poll) => {
    const askedAt = performance.now()
    if (last && (isAsking || askedAt - foundAt < QUIET_SHARE * blockTimeMs)) return last
    isAsking = true
    try {
      const block = await ask(poll)
      if (!isBlock(block) || isBehind(block)) return last ?? block
      if (block.hash !== last?.hash) foundAt = askedAt
      last = block
      return block
    } catch (error) {
      if (last) return last
      throw error
    } finally {
      isAsking = false
    }
  }
}
