import { mineBlocks } from '../devnet/mineBlocks.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from './marketOnAnvil.ts'
import { mineHistory } from './mineHistory.ts'

/** Milliseconds between blocks. */
const BLOCK_TIME_MS = 200

/** Seconds: more than the blocks of the preparations, each of which moves Anvil's clock by at least one. */
const PREPARATIONS = 600

const now = () => Math.floor(Date.now() / 1_000)

export type FastChain = Awaited<ReturnType<typeof startFastChain>>

type FastChainOptions = {
  /** Seconds of blocks before now, which `start` makes. */
  history: number
  /** How many seconds the chain's clock is behind; 0 if absent. */
  behind?: number
  /** Acts in the market while each transaction is mined at once, with at most some 500 of them. */
  prepare: (chain: MarketOnAnvil) => Promise<void>
  /** Sends what the next block has, once `start` is called. */
  fillBlock?: (chain: MarketOnAnvil) => Promise<unknown>
} & Parameters<typeof startMarketOnAnvil>[0]

/**
 * An Anvil with a market on it, and five blocks of each second once `start` is called.
 */
export async function startFastChain({ history, behind = 0, prepare, fillBlock, ...options }: FastChainOptions) {
  const chain = await startMarketOnAnvil({ ...options, timestamp: now() - behind - history - PREPARATIONS })
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
      await mineHistory(chain.client, { seconds: history, blockTime: BLOCK_TIME_MS / 1_000, until: now() - behind })
      resume()
    },
    /** As a sequencer that stops and comes back: calls `whileStopped`, and then makes the blocks up to now at once. */
    async stopAndCatchUp(whileStopped: () => Promise<unknown>) {
      await pause()
      await whileStopped()
      const { timestamp } = await chain.client.getBlock()
      await mineHistory(chain.client, { seconds: now() - Number(timestamp) - 1, blockTime: BLOCK_TIME_MS / 1_000 })
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
