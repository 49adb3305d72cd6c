import { setTimeout as sleep } from 'node:timers/promises'
import { hexToBigInt } from 'viem'
import { type Block, isBlock } from './block.ts'
import type { Ask, Call } from './call.ts'

/** Shares of the time between blocks: from the poll that found a block to the next one, and to one more if that came too early. */
const NEXT_SHARE = 0.97
const AGAIN_SHARE = 0.2

/** A chain whose latest block is for so long an earlier one has lost the later ones: a node that is behind moves on. */
const LOST_MS = 2_000

/**
 * Answers polls for the latest block. A poll waits until a block is due by the time between blocks: it is a little less late
 * than the one before, until one comes too early and is repeated, about every seventh. Polls at Ponder's interval alone would find
 * each block as late as the first one, by up to the whole interval.
 *
 * A poll gets the last answer, which Ponder ignores, while another poll waits, so that polls do not queue up, and where the node that
 * answers is behind, or none answers. Where a reorg leaves a shorter chain, which then stops, its latest block counts after two seconds.
 * @param isKnown whether Ponder has the block. @param readBlockTimeMs milliseconds between blocks; if absent, each poll is sent at once.
 */
export function createLatestBlock(
  ask: Ask,
  isKnown: (block: Pick<Block, 'number' | 'hash'>) => boolean,
  readBlockTimeMs = () => 0,
): Ask {
  let last: Block | undefined
  let foundAt = Number.NEGATIVE_INFINITY
  let isAsking = false
  let earlier = { hash: '', since: 0 }

  /** Whether Ponder has the block: there is no later one yet, or the node that answers is behind. */
  function isNoNews({ number, hash }: Block, than: Block): boolean {
    const isEarlier = hexToBigInt(number) < hexToBigInt(than.number) && isKnown({ number, hash })
    if (earlier.hash !== hash) earlier = { hash, since: performance.now() }
    return hash === than.hash || (isEarlier && performance.now() - earlier.since < LOST_MS)
  }

  async function askWhenDue(poll: Call): Promise<unknown> {
    const blockTimeMs = readBlockTimeMs()
    const dueAt = foundAt + NEXT_SHARE * blockTimeMs
    const waitMs = dueAt - performance.now()
    if (waitMs > 0) await sleep(waitMs)
    // A timer that is late does not make the later polls later.
    let askedAt = waitMs > 0 ? dueAt : performance.now()
    for (let pauseMs = AGAIN_SHARE * blockTimeMs; ; pauseMs = Math.min(2 * pauseMs, blockTimeMs)) {
      const block = await ask(poll)
      if (!isBlock(block)) return last ?? block
      if (!last || !isNoNews(block, last)) {
        foundAt = askedAt
        last = block
        return block
      }
      if (blockTimeMs === 0) return last
      await sleep(pauseMs)
      askedAt = performance.now()
    }
  }

  return async (poll) => {
    if (last && isAsking) return last
    isAsking = true
    try {
      return await askWhenDue(poll)
    } catch (error) {
      if (last) return last
      throw error
    } finally {
      isAsking = false
    }
  }
}
