import type { Hash } from 'viem'
import { applyLog, type Replay, replay } from './replay.ts'
import type { World } from './world.ts'

/** A block that was once the chain's latest or below it, and what the logs up to it say of the market. */
export type WitnessedBlock = { number: bigint; timestamp: bigint; parentHash: Hash; state: Replay }

export type Witness = Awaited<ReturnType<typeof createWitness>>

/**
 * Remembers the market's state at every block of the chain from now on, also of those that a reorg takes away, of which
 * a node knows nothing any more.
 */
export async function createWitness(world: World) {
  const { registry, staking, market } = world.contracts
  const address = [registry.address, staking.address, market.address]
  const first = await world.node.getBlock()
  const blocks = new Map<Hash, WitnessedBlock>()
  blocks.set(first.hash, { ...first, state: await replay(world, first.number) })
  let logCount = 0

  async function witness(hash: Hash): Promise<WitnessedBlock> {
    const known = blocks.get(hash)
    if (known) return known
    const { number, timestamp, parentHash } = await world.node.getBlock({ blockHash: hash })
    if (number <= first.number) throw new Error(`a reorg went back to block ${number}, behind the first witnessed`)
    const parent = await witness(parentHash)
    const logs = await world.node.getLogs({ address, blockHash: hash })
    logCount += logs.length
    const state = logs.length === 0 ? parent.state : copyOf(parent.state)
    for (const log of logs) applyLog(world, state, log, timestamp)
    const block = { number, timestamp, parentHash, state }
    blocks.set(hash, block)
    return block
  }

  function blockAt(hash: string): WitnessedBlock {
    const block = blocks.get(hash as Hash)
    if (!block) throw new Error(`the chain has no block ${hash}`)
    return block
  }

  return {
    /** Must be called between a block and the reorg that takes it away. */
    async catchUp() {
      const { hash } = await world.node.getBlock()
      return witness(hash)
    },
    /** Whether the chain that ends in one block has the other below it. Both must be known. */
    isBelow(hash: string, other: string): boolean {
      const { number } = blockAt(hash)
      let above = blockAt(other)
      if (above.number <= number) return false
      while (above.number > number + 1n) above = blockAt(above.parentHash)
      return above.parentHash === hash
    },
    /** Undefined if the chain never had such a block, or it came after the last `catchUp`. */
    blockOf: (hash: string) => blocks.get(hash as Hash),
    counts: () => ({ blocks: blocks.size, logs: logCount }),
  }
}

const copyOf = ({ runs, agents, events }: Replay): Replay => ({
  runs: new Map(runs),
  agents: new Map(agents),
  events: new Map(events),
})
