import type { PublicClient } from 'viem'
import { POSSIBLE_BLOCKS_PER_SECOND } from './head.ts'

/** How many spans of equal length are measured, and how many blocks each of them has. A younger chain has shorter ones. */
const SPANS = 9
const LONGEST_SPAN_BLOCKS = 200

/**
 * A sequencer that stops makes one span longer than the others, and blocks that are made at once make it shorter. Such a span
 * says nothing about the blocks before and after.
 */
export const UNUSUAL_FACTOR = 2

/** Timestamps are whole seconds, so a shorter time says too little. */
const LEAST_MEASURED_SECONDS = 10

/** Where these blocks came unusually fast, the chain has changed its speed. */
const RECENT_BLOCKS = 20

/** That of the fastest chain. */
export const SHORTEST_BLOCK_TIME_MS = 1_000 / POSSIBLE_BLOCKS_PER_SECOND

/**
 * The chain's time from block to block in milliseconds, by the timestamps of its latest blocks: a mean of the spans between
 * ten of them, without those that are much longer or shorter than most. Several blocks may share a second.
 * @returns undefined if the blocks tell too little: the chain is some seconds old, has become faster, or makes blocks only for
 * transactions, many of them at once.
 * @throws if the node does not answer.
 */
export async function measureBlockTimeMs(chain: PublicClient): Promise<number | undefined> {
  const latest = await chain.getBlock()
  const spanBlocks = Math.min(LONGEST_SPAN_BLOCKS, Math.floor(Number(latest.number) / SPANS))
  if (spanBlocks === 0) return undefined
  const recentBlocks = Math.min(RECENT_BLOCKS, Number(latest.number))
  const depths = [recentBlocks, ...Array.from({ length: SPANS }, (_, place) => (place + 1) * spanBlocks)]
  const blocks = await Promise.all(
    depths.map((depth) => chain.getBlock({ blockNumber: latest.number - BigInt(depth) })),
  )
  const [recent = 0, ...timestamps] = blocks.map(({ timestamp }) => Number(timestamp))
  const blockTimeMs = blockTimeMsOf([Number(latest.timestamp), ...timestamps], spanBlocks)
  const recentMs = (1_000 * (Number(latest.timestamp) - recent)) / recentBlocks
  return blockTimeMs !== undefined && UNUSUAL_FACTOR * recentMs < blockTimeMs ? undefined : blockTimeMs
}

/** @param timestamps of blocks, in seconds, the latest first. @param spanBlocks from one of these blocks to the next. */
export function blockTimeMsOf(timestamps: readonly number[], spanBlocks: number): number | undefined {
  const spans = timestamps.slice(1).map((timestamp, place) => (timestamps[place] ?? timestamp) - timestamp)
  const median = spans.toSorted((a, b) => a - b)[Math.floor(spans.length / 2)] ?? 0
  const usual = spans.filter((seconds) => seconds <= UNUSUAL_FACTOR * median && UNUSUAL_FACTOR * seconds >= median)
  const seconds = usual.reduce((sum, each) => sum + each, 0)
  if (seconds < LEAST_MEASURED_SECONDS) return undefined
  return Math.max(SHORTEST_BLOCK_TIME_MS, (1_000 * seconds) / (usual.length * spanBlocks))
}
