import { numberToHex } from 'viem'
import type { World } from '../world.ts'
import type { ChooseFault } from './rpcProxy.ts'
import type { RpcCall } from './staleNode.ts'

export type DroppedBlocks = ReturnType<typeof createDroppedBlocks>

const keyOf = ({ method, params }: Pick<RpcCall, 'method' | 'params'>) => JSON.stringify([method, params])

/**
 * Answers for blocks that a reorg dropped, by hash: geth still has them, Anvil does not. Ponder requests a block, then
 * its logs; if a reorg came in between and the node answers "unknown block", Ponder repeats the request for 64 seconds
 * before it follows the new chain. That would take up most of a short simulation.
 */
export function createDroppedBlocks({ node }: World) {
  const answers = new Map<string, unknown>()

  return {
    /** Call this before the reorg that drops the last `depth` blocks. */
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
    /** The answer of a node that still has the dropped block. */
    recall: ((call) => {
      const result = answers.get(keyOf(call))
      return result === undefined ? undefined : { kind: 'dropped block', reply: { result } }
    }) satisfies ChooseFault,
  }
}
