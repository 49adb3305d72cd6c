import { type MarketOnAnvil, startMarketOnAnvil } from './marketOnAnvil.ts'
import { mineHistory } from './mineHistory.ts'
import { createMining } from './mining.ts'

/** Seconds: more than the blocks of the preparations, each of which moves Anvil's clock by at least one. */
const PREPARATIONS = 600

const now = () => Math.floor(Date.now() / 1_000)

export type FastChain = Awaited<ReturnType<typeof startFastChain>>

type FastChainOptions = {
  /** Seconds of blocks before now, which `start` makes. */
  history: number
  /** Milliseconds between blocks; 200 if absent. */
  blockTimeMs?: number
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
export async function startFastChain({
  history,
  blockTimeMs = 200,
  behind = 0,
  prepare,
  fillBlock,
  ...options
}: FastChainOptions) {
  const chain = await startMarketOnAnvil({ ...options, timestamp: now() - behind - history - PREPARATIONS })
  await prepare(chain)
  const mining = createMining(chain.client, fillBlock && (() => fillBlock(chain)))

  return {
    ...chain,
    /** Makes the blocks of the time before now, and then one at each interval. */
    async start() {
      await chain.client.setAutomine(false)
      await mineHistory(chain.client, { seconds: history, blockTime: blockTimeMs / 1_000, until: now() - behind })
      await mining.start(blockTimeMs)
    },
    /** From now on there are so many milliseconds between blocks. */
    changeBlockTime: mining.start,
    /** As a sequencer that stops and comes back: calls `whileStopped`, and then makes the blocks up to now at once. */
    stopAndCatchUp: (whileStopped: () => Promise<unknown>) =>
      mining.paused(async () => {
        await whileStopped()
        const { timestamp } = await chain.client.getBlock()
        await mineHistory(chain.client, { seconds: now() - Number(timestamp) - 1, blockTime: blockTimeMs / 1_000 })
      }),
    /** Replaces the last blocks by others. @returns the number of the last of them. */
    reorg: (depth: number): Promise<bigint> =>
      mining.paused(async () => {
        await chain.client.request({ method: 'anvil_reorg', params: [depth, []] })
        return (await chain.client.getBlock()).number
      }),
    /** Runs the action while no block is made. */
    paused: mining.paused,
    async stop() {
      await mining.stop()
      await chain.stop()
    },
  }
}
