import type { Hash } from 'viem'
import type { World } from './world.ts'

type WitnessedBlock = { number: bigint; parentHash: Hash }

export type Witness = Awaited<ReturnType<typeof createWitness>>

/** Records every block from now on, including those that a reorg drops, which a node no longer has. */
export async function createWitness({ node }: World) {
  const first = await node.getBlock()
  const blocks = new Map<Hash, WitnessedBlock>([[first.hash, first]])

  function blockAt(hash: string): WitnessedBlock {
    const block = blocks.get(hash as Hash)
    if (!block) throw new Error(`the chain has no block ${hash}`)
    return block
  }

  return {
    /** Call this between a block and the reorg that drops it. @returns the latest block. */
    async catchUp() {
      const latest = await node.getBlock()
      for (let { hash, number, parentHash } = latest; !blocks.has(hash); ) {
        if (number <= first.number) throw new Error(`a reorg went back to block ${number}, behind the first witnessed`)
        blocks.set(hash, { number, parentHash })
        ;({ hash, number, parentHash } = await node.getBlock({ blockHash: parentHash }))
      }
      return latest
    },
    /** Whether the chain has or had such a block, before the last `catchUp`. */
    knows: (hash: string) => blocks.has(hash as Hash),
    /** Whether the block `hash` is an ancestor of the block `other`. Both must be known. */
    isBelow(hash: string, other: string): boolean {
      const { number } = blockAt(hash)
      let above = blockAt(other)
      if (above.number <= number) return false
      while (above.number > number + 1n) above = blockAt(above.parentHash)
      return above.parentHash === hash
    },
    count: () => blocks.size,
  }
}
