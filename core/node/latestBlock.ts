import { setTimeout as sleep } from 'node:timers/promises'
import { hexToBigInt } from 'viem'
import { type Block, isBlock } from './block.ts'
import type { Ask, Call } from './call.ts'
import { RESEND_MS } from './untilAnswered.ts'

/**
 * Polls share one request. A poll that gets no answer for `RESEND_MS`, or one of a node that is behind, gets the last
 * answer, so that no polls queue up: to Ponder a block that it has is no news.
 */
export function createLatestBlock(ask: Ask, isKnown: (block: Block) => boolean) {
  let last: Block | undefined
  let asking: Promise<unknown> | undefined

  async function read(call: Call) {
    try {
      const block = await ask(call)
      if (isBlock(block) && !(last && isBehind(block, last))) last = block
      return last ?? block
    } finally {
      asking = undefined
    }
  }

  const isBehind = (block: Block, than: Block) => hexToBigInt(block.number) < hexToBigInt(than.number) && isKnown(block)

  return async (call: Call): Promise<unknown> => {
    asking ??= read(call)
    if (last === undefined) return asking
    return Promise.race([asking.catch(() => last), sleep(RESEND_MS, last)])
  }
}
