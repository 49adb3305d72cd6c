import { mineBlocks } from '../devnet/mineBlocks.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from './marketOnAnvil.ts'

/** Milliseconds between blocks. */
const BLOCK_TIME_MS = 200
const BLOCKS_PER_SECOND = 1_000 / BLOCK_TIME_MS

/** Seconds: more than the blocks of the preparations, each of which moves Anvil's clock by at least one. */
const PREPARATIONS = 600

const now = () => Math.floor(Date.now() / 1_000)

export type FastChain = Awaited<ReturnType<typeof startFastChain>>

type FastChainOptions = {
  /** Seconds of blocks before now, which `start` makes. */
  history: number
  /** Acts in the market while each transaction is mined at once, with at most some 500 of them. */
  prepare: (chain: MarketOnAnvil) => Promise<void>
  /** Sends what the next block has, once `start` is called. */
  fillBlock?: (chain: MarketOnAnvil) => Promise<unknown>
} & Parameters<typeof startMarketOnAnvil>[0]

/**
 * An Anvil with a market on it, and five blocks of each second once `start` is called.
 */
export async function startFastChain({ history, prepare, fillBlock, ...options }: FastChainOptions) {
  const chain = await startMarketOnAnvil({ ...options, timestamp: now() - history - PREPARATIONS })
  await prepare(chain)
  let mining: ReturnType<typeof mineBlocks> | undefined

  function resume() {
    mining = mineBlocks(chain.client, BLOCK_TIME_MS, () => fillBlock?.(chain) ?? Promise.resolve())
  }

  async function pause() {
    await mining?.stop()
    mining = undefined
  }

  return {
    ...chain,
    /** Makes the blocks of the time before now, and then five in each second. */
    async start() {
      await chain.client.setAutomine(false)
      for (let second = now() - history; second <= now(); second++) {
        await chain.client.setNextBlockTimestamp({ timestamp: BigInt(second) })
        await chain.client.mine({ blocks: BLOCKS_PER_SECOND })
      }
      resume()
    },
    /** Replaces the last blocks by others. @returns the number of the last of them. */
    async reorg(depth: number): Promise<bigint> {
      await pause()
      await chain.client.request({ method: 'anvil_reorg', params: [depth, []] })
      const { number } = await chain.client.getBlock()
      resume()
      return number
    },
    /** Runs the action while no block is made. */
    async paused<Result>(action: () => Promise<Result>): Promise<Result> {
      await pause()
      try {
        return await action()
      } finally {
        resume()
      }
    },
    async stop() {
      await pause()
      await chain.stop()
    },
  }
}
