import {
  type Address,
  BaseError,
  HttpRequestError,
  type Log,
  type PublicClient,
  RpcRequestError,
  TimeoutError,
} from 'viem'

/** Blocks in one request at most. Many providers allow 10,000; for the others `read` halves the range. */
const MAX_SPAN = 10_000n

export type ChainLog = Log<bigint, number, false>

/** The timestamp of the log's block, in seconds. `ChainLogs` adds it to logs that lack it. */
export function timeOf({ blockTimestamp, blockNumber }: Pick<ChainLog, 'blockTimestamp' | 'blockNumber'>): bigint {
  if (blockTimestamp === undefined) throw new Error(`A log of block ${blockNumber} has no timestamp`)
  return blockTimestamp
}

type Client = Pick<PublicClient, 'getLogs' | 'getBlock'>

/** Reads the contracts' logs, in the chain's order, in ranges of blocks that the node allows. */
export class ChainLogs {
  readonly #client: Client
  readonly #addresses: Address[]
  /** The first block that can have logs. */
  readonly start: bigint
  #span = MAX_SPAN

  constructor(client: Client, addresses: Address[], start: bigint) {
    this.#client = client
    this.#addresses = addresses
    this.start = start
  }

  /**
   * Reads the logs from block `from`, or from the first one that can have logs, to `last`, or to an earlier block where the
   * range is too wide for the node.
   * @returns the logs, and the last block read.
   * @throws if the node refuses even a single block.
   */
  async read(from: bigint, last: bigint): Promise<{ logs: ChainLog[]; to: bigint }> {
    const first = from > this.start ? from : this.start
    for (;;) {
      const end = first + this.#span - 1n
      const to = end < last ? end : last
      try {
        const logs = await this.#client.getLogs({ address: this.#addresses, fromBlock: first, toBlock: to })
        this.#span = this.#span * 2n < MAX_SPAN ? this.#span * 2n : MAX_SPAN
        return { logs: await this.#withTimestamps(logs), to }
      } catch (error) {
        if (to === first || !isRefusal(error)) throw error
        this.#span = (to - first + 1n) / 2n
      }
    }
  }

  /** Adds the block's timestamp to each log, which not every node returns. */
  async #withTimestamps(logs: ChainLog[]): Promise<ChainLog[]> {
    const untimed = logs.filter(({ blockTimestamp }) => blockTimestamp === undefined)
    const numbers = [...new Set(untimed.map(({ blockNumber }) => blockNumber))]
    const blocks = await Promise.all(numbers.map((blockNumber) => this.#client.getBlock({ blockNumber })))
    const times = new Map(blocks.map(({ number, timestamp }) => [number, timestamp]))
    return logs.map((log) => ({ ...log, blockTimestamp: log.blockTimestamp ?? times.get(log.blockNumber) }))
  }
}

/** Whether the node answered with an error, as providers do for a range that is too wide, each with its own message. */
function isRefusal(error: unknown) {
  const refuses = (cause: unknown) =>
    cause instanceof RpcRequestError ||
    cause instanceof TimeoutError ||
    (cause instanceof HttpRequestError && cause.status !== undefined)
  return error instanceof BaseError && error.walk(refuses) !== null
}
