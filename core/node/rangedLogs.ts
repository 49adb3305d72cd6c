import { setTimeout as sleep } from 'node:timers/promises'
import DataLoader from 'dataloader'
import { LRUCache } from 'lru-cache'
import { type Address, type Hash, hexToNumber } from 'viem'
import { type Block, isBlock } from './block.ts'
import type { Call } from './call.ts'
import { MOST_REVERTED_BLOCKS } from './finality.ts'

/** Fewer blocks are asked one by one: a range takes three calls. */
const FEWEST_BLOCKS = 4

/** The calls that read a range. */
export const CALLS_OF_RANGE = 3

/** As many blocks as Ponder reads at once. */
const MOST_BLOCKS = 50

/** How long they are gathered once Ponder has the blocks that it has asked for, and how long at most. */
const GATHER_MS = 10
const MOST_GATHER_MS = 2_000

type Options = {
  /** The addresses of the contracts whose logs are indexed. */
  addresses: readonly Address[]
  /** Whether the block has logs by its bloom filter. */
  hasLogs: (block: Hash) => boolean
  /** Sends calls as one request, which one node answers. Without answers in time, there are none. */
  askTogether: (calls: readonly Call[]) => Promise<unknown[]>
}

/**
 * Reads the logs of many blocks at once, where Ponder lacks them: after a start, a pause of the chain or a long reorg. Ponder
 * asks for the logs of each, of all addresses, and a dense block has a hundred kilobytes of them.
 *
 * Safe, because the logs of the range are those of these very blocks: each is the parent of the next, and the node that
 * answers has the last one in its chain, so it has the others there too. A node may have blocks whose logs it lacks for a while:
 * it must also have logs of the last one, of any contract. If it has another block or no logs, or does not answer in time,
 * Ponder's calls are sent as they are.
 */
export function createRangedLogs({ addresses, hasLogs, askTogether }: Options) {
  /** The blocks that Ponder lacked. */
  const lacked = new LRUCache<Hash, Pick<Block, 'number' | 'hash' | 'parentHash'>>({ max: MOST_REVERTED_BLOCKS })
  /** Ponder's questions for blocks that it lacks. */
  const reading = new Set<Promise<unknown>>()

  /** Waits for the blocks that Ponder reads. With a limit of calls per second, they come one after the other. */
  async function gather() {
    await Promise.race([Promise.allSettled(reading), sleep(MOST_GATHER_MS)])
    await sleep(GATHER_MS)
  }

  /** Whether the last block descends from all the others, by blocks that Ponder lacked. */
  function isChain(blocks: readonly Hash[], last: Hash): boolean {
    const others = new Set(blocks)
    for (let hash = last; others.size > 0; ) {
      const block = lacked.peek(hash)
      if (!block) return false
      others.delete(hash)
      hash = block.parentHash
    }
    return true
  }

  /** @returns the logs by the hashes of their blocks; undefined if they may be of other blocks. */
  async function readRange(blocks: readonly Hash[]) {
    const known = blocks.flatMap((hash) => lacked.peek(hash) ?? [])
    const sorted = known.toSorted((a, b) => hexToNumber(a.number) - hexToNumber(b.number))
    const [first, last] = [sorted[0], sorted.at(-1)]
    if (!first || !last || !isChain(blocks, last.hash)) return undefined
    const range = { address: addresses, fromBlock: first.number, toBlock: last.number }
    const [logs, logsOfLast, end] = await askTogether([
      { method: 'eth_getLogs', params: [range] },
      { method: 'eth_getLogs', params: [{ blockHash: last.hash }] },
      { method: 'eth_getBlockByNumber', params: [range.toBlock, false] },
    ])
    if (!Array.isArray(logs) || !isBlock(end) || end.hash !== last.hash) return undefined
    if (!Array.isArray(logsOfLast) || (logsOfLast.length === 0 && hasLogs(last.hash))) return undefined
    return Map.groupBy(logs as { blockHash: Hash }[], ({ blockHash }) => blockHash)
  }

  async function read(blocks: readonly Hash[]): Promise<(unknown[] | undefined)[]> {
    // Where the node refuses a range, the blocks are asked for one by one.
    const logs = blocks.length >= FEWEST_BLOCKS ? await readRange(blocks).catch(() => undefined) : undefined
    return blocks.map((hash) => logs && (logs.get(hash) ?? []))
  }

  const loader = new DataLoader(read, {
    cache: false,
    maxBatchSize: MOST_BLOCKS,
    batchScheduleFn: (dispatch) => void gather().then(dispatch),
  })

  return {
    /** Awaits a block that Ponder lacks, and whose logs it asks for then. @returns the block. */
    async gathered(block: Promise<unknown>): Promise<unknown> {
      reading.add(block)
      try {
        const read = await block
        // Ponder may change what it gets.
        if (isBlock(read)) lacked.set(read.hash, { number: read.number, hash: read.hash, parentHash: read.parentHash })
        return read
      } finally {
        reading.delete(block)
      }
    },

    /** The logs of the block, at least those of the contracts; undefined if it must be asked for by its hash. */
    read: async (block: Hash) => (lacked.has(block) ? loader.load(block) : undefined),
  }
}
