import { setTimeout as sleep } from 'node:timers/promises'
import { hexToNumber } from 'viem'
import { type Block, isBlock } from './block.ts'
import type { Ask, Call } from './call.ts'

/** After so many polls that have found the next block at once, each is earlier by so much, until one comes too early. */
const TIMELY_POLLS = 60
const EARLIER_MS = 20

/** A poll that comes too early is repeated after so long, and so many times; then after twice as long each time. */
const SHORT_PAUSE_MS = 15
const SHORT_PAUSES = 3

/** The polls after it are later by so much, because no block comes exactly in time. */
const LATER_MS = 5

/** The time between blocks is measured again over so many, because the one at the start may be some percent wrong. */
const LEAST_MEASURED_BLOCKS = 10
const MOST_MEASURED_BLOCKS = 300

/**
 * Answers a poll for the latest block when the next one is due, by the time between blocks. Polls that only have that interval
 * would find each block as late as the first one, by up to the whole interval.
 *
 * Only a poll that comes too early shows when a block comes. So one in sixty does.
 * @param blockTimeMs milliseconds. @param ask sends a poll to the node.
 * @returns a function that answers a poll for the latest block. Its calls must not overlap.
 */
export function createTimedPoll(blockTimeMs: number, ask: Ask) {
  let periodMs = blockTimeMs
  let last: Block | undefined
  /** When the node should have the next block. By `performance.now()`, like all times here. */
  let dueAt = performance.now()
  /** How many polls in a row have found the next block at once. */
  let timely = 0
  /** A block, and when it came. */
  let start = { number: 0, at: 0 }

  function measure(number: number, at: number) {
    const blocks = number - start.number
    if (blocks >= LEAST_MEASURED_BLOCKS) periodMs = (at - start.at) / blocks
    if (blocks > MOST_MEASURED_BLOCKS) start = { number, at }
  }

  /** @param askedAt when the poll that found the block was sent. @param pauses how many polls before it were too early. */
  function schedule(block: Block, askedAt: number, pauses: number) {
    const number = hexToNumber(block.number)
    const blocks = last === undefined ? 0 : number - hexToNumber(last.number)
    last = block
    // Otherwise the chain paused, or this process did.
    const isRegular = blocks > 0 && pauses <= SHORT_PAUSES && askedAt - dueAt < blockTimeMs
    if (isRegular && pauses === 0) {
      timely += 1
      // If the given time is too long, no poll comes too early.
      if (timely > TIMELY_POLLS) measure(number, askedAt)
      dueAt = Math.min(dueAt + blocks * periodMs, askedAt + periodMs) - (timely > TIMELY_POLLS ? EARLIER_MS : 0)
      return
    }
    if (isRegular) measure(number, askedAt)
    else start = { number, at: askedAt }
    timely = isRegular ? 0 : TIMELY_POLLS
    dueAt = askedAt + periodMs + LATER_MS
  }

  return async (poll: Call): Promise<unknown> => {
    await sleep(Math.max(0, dueAt - performance.now()))
    for (let pauses = 0; ; ) {
      const askedAt = performance.now()
      const block = await ask(poll)
      if (!isBlock(block)) return block
      if (block.hash !== last?.hash) {
        schedule(block, askedAt, pauses)
        return block
      }
      pauses += 1
      await sleep(Math.min(SHORT_PAUSE_MS * 2 ** Math.max(0, pauses - SHORT_PAUSES), blockTimeMs))
    }
  }
}
