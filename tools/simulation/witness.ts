import type { Hash } from 'viem'
import type { Truth } from './oracle.ts'
import { applyLog, type Replay, replay } from './replay.ts'
import type { World } from './world.ts'

/** A block that was once canonical, and the market's state by the logs up to it. */
type WitnessedBlock = Truth & { parentHash: Hash }

export type Witness = Awaited<ReturnType<typeof createWitness>>

/**
 * Records the market's state at every block from now on, including blocks that a reorg drops, which a node no longer
 * has.
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
    for (const log of logs) applyLog(world, state, log)
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
    /** Call this between a block and the reorg that drops it. */
    async catchUp() {
      const { hash } = await world.node.getBlock()
      return witness(hash)
    },
    /** Whether the block `hash` is an ancestor of the block `other`. Both must be known. */
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
