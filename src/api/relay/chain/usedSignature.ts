import type { PublicClient } from 'viem'
import { MAX_VALIDITY_SECONDS } from '../../../../core/market/claimMessage.ts'
import { answer } from './client.ts'
import type { ChainHead } from './heads.ts'

/** The blocks of one call for logs: many providers allow ten thousand at most. */
const RANGE_BLOCKS = 5_000n

/** Blocks, both included. */
export type Range = { fromBlock: bigint; toBlock: bigint }

/**
 * The logs of all blocks in which a signature may have been used that was valid a moment ago: those of the last hour, and
 * some more, because the blocks are read by ranges. Five blocks a second are four ranges.
 * @param read reads the logs of a range.
 */
export async function logsWhileValid<L>(
  client: PublicClient,
  head: ChainHead,
  read: (range: Range) => Promise<L[]>,
  rangeBlocks: bigint = RANGE_BLOCKS,
): Promise<L[]> {
  const found: L[][] = []
  for (let toBlock = head.number; ; toBlock -= rangeBlocks) {
    const fromBlock = toBlock >= rangeBlocks ? toBlock - rangeBlocks + 1n : 0n
    const [logs, { timestamp }] = await Promise.all([
      answer(read({ fromBlock, toBlock })),
      answer(client.getBlock({ blockNumber: fromBlock })),
    ])
    found.unshift(logs)
    if (fromBlock === 0n || timestamp < head.timestamp - MAX_VALIDITY_SECONDS) return found.flat()
  }
}
