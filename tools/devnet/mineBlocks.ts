import { setTimeout as sleep } from 'node:timers/promises'
import type { createAnvilClient } from './anvilClient.ts'

/**
 * Mines a block in each interval, which may be a part of a second: Anvil's own interval is whole seconds. Several blocks may
 * share a timestamp, as on chains that make several in a second.
 * @param milliseconds from block to block. @param prepare sends what the next block has.
 */
export function mineBlocks(
  client: Pick<ReturnType<typeof createAnvilClient>, 'mine'>,
  milliseconds: number,
  prepare?: () => Promise<unknown>,
) {
  let isOver = false

  async function mine() {
    for (let dueAt = performance.now(); !isOver; dueAt += milliseconds) {
      await prepare?.()
      await sleep(Math.max(0, dueAt - performance.now()))
      await client.mine({ blocks: 1 })
    }
  }

  const ended = mine()
  return {
    /** Resolves after `stop`. @throws if the node does not mine. */
    ended,
    async stop() {
      isOver = true
      await ended
    },
  }
}
