import { LRUCache } from 'lru-cache'
import { type Hash, hexToNumber, numberToHex } from 'viem'
import { type Block, isBlock } from './block.ts'
import type { Ask, Call } from './call.ts'
import { MOST_REVERTED_BLOCKS } from './finality.ts'

/** How many blocks are read with one that Ponder asks for. */
const BLOCKS_AHEAD = 24

/**
 * Answers Ponder's search for the block at which a reorg forked. Ponder asks for the blocks of the new branch by their
 * hashes, each once it has the one after it: 300 blocks would take 300 round trips. This reads those before it too.
 *
 * A block that was read ahead cannot be wrong, because Ponder gets it only for its hash. It may be of a branch that the
 * chain has lost since, and then the next poll shows that.
 * @param ask sends a call to the node.
 */
export function createAncestors(ask: Ask) {
  /** The numbers of the parents of blocks that Ponder got, by their hashes. */
  const numbers = new LRUCache<Hash, number>({ max: MOST_REVERTED_BLOCKS })
  const ahead = new LRUCache<Hash, Block>({ max: 2 * BLOCKS_AHEAD })

  async function readAhead(number: number) {
    const parents = Array.from({ length: Math.min(BLOCKS_AHEAD, number) }, (_, place) => number - place - 1)
    const read = (parent: number) => ask({ method: 'eth_getBlockByNumber', params: [numberToHex(parent), false] })
    for (const answer of await Promise.allSettled(parents.map(read)))
      if (answer.status === 'fulfilled' && isBlock(answer.value)) ahead.set(answer.value.hash, answer.value)
  }

  return {
    /** Ponder gets this block. */
    saw({ number, parentHash }: Block) {
      numbers.set(parentHash, hexToNumber(number) - 1)
    },

    /** The block of this hash, without its transactions. */
    async read(call: Call, hash: Hash): Promise<unknown> {
      const block = ahead.get(hash)
      // Once, because Ponder may change what it gets.
      ahead.delete(hash)
      if (block) return block
      const number = numbers.get(hash)
      const [answer] = await Promise.all([ask(call), number !== undefined && readAhead(number)])
      return answer
    },
  }
}
