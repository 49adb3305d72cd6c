import { numberToHex } from 'viem'
import type { World } from '../world.ts'
import type { ChooseFault, RpcCall } from './rpcProxy.ts'

export type DroppedBlocks = ReturnType<typeof createDroppedBlocks>

const keyOf = ({ method, params }: Pick<RpcCall, 'method' | 'params'>) => JSON.stringify([method, params])

/**
 * What Anvil forgets in a reorg and geth does not: blocks that are no longer canonical, by their hashes. Ponder asks for
 * a block, then for its logs; where a reorg came in between, and the node says "unknown block", it asks again for 64
 * seconds before it looks at the new chain. A simulation of some seconds would see little else.
 */
export function createDroppedBlocks({ node }: World) {
  const answers = new Map<string, unknown>()

  return {
    /** Must be called before the reorg that takes the last `depth` blocks away. */
    async remember(depth: number) {
      const latest = await node.getBlockNumber({ cacheTime: 0 })
      for (let number = latest; number > latest - BigInt(depth); number--) {
        const block = await node.request({ method: 'eth_getBlockByNumber', params: [numberToHex(number), true] })
        const hash = block?.hash
        if (!hash) throw new Error(`Anvil has no block ${number}`)
        const hashes = block.transactions.map((each) => (typeof each === 'string' ? each : each.hash))
        const filter = { blockHash: hash }
        answers.set(keyOf({ method: 'eth_getBlockByHash', params: [hash, true] }), block)
        answers.set(keyOf({ method: 'eth_getBlockByHash', params: [hash, false] }), { ...block, transactions: hashes })
        answers.set(
          keyOf({ method: 'eth_getLogs', params: [filter] }),
          await node.request({ method: 'eth_getLogs', params: [filter] }),
        )
      }
    },
    /** The answer of a node that still has the block. */
    recall: ((call) => {
      const result = answers.get(keyOf(call))
      return result === undefined ? undefined : { kind: 'dropped block', reply: { result } }
    }) satisfies ChooseFault,
  }
}
