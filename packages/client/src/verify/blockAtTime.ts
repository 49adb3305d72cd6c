import type { Client } from 'viem'
import { UnverifiedAnswerError } from './errors.ts'
import { type Block, findBlock } from './node.ts'

/**
 * Finds blocks by their time. A block of most chains comes at a regular pace, so a guess between two known blocks is
 * close: the search takes a few rounds of three headers, and never more rounds than a binary search.
 * @param head the last block that is searched.
 * @returns a function: the number of the first block at or after the second; one more than the head's if it is later.
 */
export function createBlockSearch(node: Client, head: Block) {
  const known = new Map<bigint, Promise<bigint>>()

  async function headerOf(blockNumber: bigint): Promise<Block> {
    const block = await findBlock(node, { blockNumber })
    if (block) return block
    const message = `The node has no header of block ${blockNumber}. Use a node that has the whole chain.`
    throw new UnverifiedAnswerError('NODE_PRUNED', message)
  }

  async function search(second: bigint): Promise<bigint> {
    if (second > head.timestamp) return head.number + 1n
    let before = await headerOf(0n)
    let after = head
    if (before.timestamp >= second) return 0n
    while (after.number - before.number > 1n) {
      const blocks = await Promise.all(probesBetween(before, after, second).map(headerOf))
      for (const block of blocks) {
        if (block.timestamp < second && block.number > before.number) before = block
        if (block.timestamp >= second && block.number < after.number) after = block
      }
    }
    return after.number
  }

  return function firstBlockFrom(second: bigint): Promise<bigint> {
    const found = known.get(second) ?? search(second)
    known.set(second, found)
    return found
  }
}

/** A little before and after where a regular pace would have the block, and in the middle. */
function probesBetween(before: Block, after: Block, second: bigint): bigint[] {
  const blocks = after.number - before.number
  const guess = before.number + (blocks * (second - before.timestamp)) / (after.timestamp - before.timestamp)
  const margin = blocks / 64n + 1n
  const probes = [guess - margin, before.number + blocks / 2n, guess + margin]
  return [...new Set(probes)].filter((number) => number > before.number && number < after.number)
}
