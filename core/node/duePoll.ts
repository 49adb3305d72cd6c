import { setTimeout as sleep } from 'node:timers/promises'
import type { Hash } from 'viem'
import { isBlock } from './block.ts'
import type { Ask, Call } from './call.ts'

/** Shares of the time between blocks: by how much each poll is earlier than the block is expected, so that some come too early. */
const EARLIER_SHARE = 0.03

/** A poll that comes too early is repeated after this share of the time between blocks, then after twice as long each time. */
const PAUSE_SHARE = 0.2

/**
 * Sends a poll for the latest block when the next one is due, by the time between blocks. Polls at that interval alone would
 * find each block as late as the first one, by up to the whole interval; more frequent ones would cost more calls.
 *
 * Each poll is a little less late than the one before, until one comes too early: about every seventh.
 * @param blockTimeMs milliseconds. @param ask sends a poll to the node.
 * @returns a function that answers a poll. Its calls must not overlap.
 */
export function createDuePoll(blockTimeMs: number, ask: Ask): Ask {
  let last: Hash | undefined
  let foundAt = Number.NEGATIVE_INFINITY

  return async (poll: Call) => {
    await sleep(Math.max(0, foundAt + (1 - EARLIER_SHARE) * blockTimeMs - performance.now()))
    for (let pauseMs = PAUSE_SHARE * blockTimeMs; ; pauseMs = Math.min(2 * pauseMs, blockTimeMs)) {
      const askedAt = performance.now()
      const block = await ask(poll)
      if (!isBlock(block)) return block
      if (block.hash !== last) {
        last = block.hash
        foundAt = askedAt
        return block
      }
      await sleep(pauseMs)
    }
  }
}
