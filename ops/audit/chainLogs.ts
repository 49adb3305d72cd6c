import { BaseError, HttpRequestError, type Log, type PublicClient, RpcRequestError, TimeoutError } from 'viem'
import type { Deployment } from '../../src/api/deployment.ts'

/** Blocks in one request at most. Many providers answer for 10,000; those that do not, for a half of a half of it. */
const MAX_SPAN = 10_000n

export type ChainLog = Log<bigint, number, false>

/** When the log's block was made, in seconds. `ChainLogs` sees to it that each log says so. */
export function timeOf({ blockTimestamp, blockNumber }: Pick<ChainLog, 'blockTimestamp' | 'blockNumber'>): bigint {
  if (blockTimestamp === undefined) throw new Error(`A log of block ${blockNumber} does not say its time`)
  return blockTimestamp
}

/** The contracts' logs, in the chain's order, in ranges of blocks that the node answers for. */
export class ChainLogs {
  readonly #client: PublicClient
  readonly #addresses: Deployment['contracts'][keyof Deployment['contracts']][]
  /** The first block that can have logs. */
  readonly start: bigint
  #span = MAX_SPAN

  constructor(client: PublicClient, { contracts, startBlock, startBlocks }: Deployment) {
    const { AgentRegistry, AgentStaking, BountyMarket } = contracts
    this.#client = client
    this.#addresses = [AgentRegistry, AgentStaking, BountyMarket]
    this.start = BigInt(Math.min(startBlock, ...Object.values(startBlocks ?? {})))
  }

  /**
   * The logs from the block `from` on, to `last` or earlier.
   * @returns also the block up to which they are all.
   * @throws if the node does not answer for a single block either.
   */
  async read(from: bigint, last: bigint): Promise<{ logs: ChainLog[]; to: bigint }> {
    for (;;) {
      const furthest = from + this.#span - 1n
      const to = furthest < last ? furthest : last
      try {
        const logs = await this.#client.getLogs({ address: this.#addresses, fromBlock: from, toBlock: to })
        this.#span = this.#span * 2n < MAX_SPAN ? this.#span * 2n : MAX_SPAN
        return { logs: await this.#timed(logs), to }
      } catch (error) {
        if (to === from || !isRefusal(error)) throw error
        this.#span = (to - from + 1n) / 2n
      }
    }
  }

  /** Not every node says the time of a log's block with the log. */
  async #timed(logs: ChainLog[]): Promise<ChainLog[]> {
    const untimed = logs.filter(({ blockTimestamp }) => blockTimestamp === undefined)
    const numbers = [...new Set(untimed.map(({ blockNumber }) => blockNumber))]
    const blocks = await Promise.all(numbers.map((blockNumber) => this.#client.getBlock({ blockNumber })))
    const times = new Map(blocks.map(({ number, timestamp }) => [number, timestamp]))
    return logs.map((log) => ({ ...log, blockTimestamp: log.blockTimestamp ?? times.get(log.blockNumber) }))
  }
}

/** The node answered, and not with logs: as providers do where a range is too wide, each in words of its own. */
function isRefusal(error: unknown) {
  const refuses = (cause: unknown) =>
    cause instanceof RpcRequestError ||
    cause instanceof TimeoutError ||
    (cause instanceof HttpRequestError && cause.status !== undefined)
  return error instanceof BaseError && error.walk(refuses) !== null
}
