import type { createAnvilClient } from '../../tools/devnet/anvilClient.ts'
import { mineBlocks } from '../../tools/devnet/mineBlocks.ts'

/**
 * How the node mines: a block for each transaction, or blocks at an interval, which hold what has come since the last one.
 * @param fillBlock sends what the next block at an interval has.
 */
export function createMining(
  node: Pick<ReturnType<typeof createAnvilClient>, 'mine' | 'setAutomine'>,
  fillBlock?: () => Promise<unknown>,
) {
  let blockTimeMs: number | undefined
  let mining: ReturnType<typeof mineBlocks> | undefined

  function resume() {
    if (blockTimeMs !== undefined) mining = mineBlocks(node, blockTimeMs, fillBlock)
  }

  async function pause() {
    await mining?.stop()
    mining = undefined
  }

  return {
    /** From now on mines blocks at the interval. @param milliseconds of the interval. */
    async start(milliseconds: number) {
      await pause()
      await node.setAutomine(false)
      blockTimeMs = milliseconds
      resume()
    },

    /** Runs the action while the node mines no block by time. */
    async paused<Result>(action: () => Promise<Result>): Promise<Result> {
      await pause()
      try {
        return await action()
      } finally {
        resume()
      }
    },

    /** From now on mines a block for each transaction. */
    async stop() {
      await pause()
      if (blockTimeMs !== undefined) await node.setAutomine(true)
      blockTimeMs = undefined
    },
  }
}
