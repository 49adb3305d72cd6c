import type { Hash, PublicClient } from 'viem'
import { answer } from './client.ts'
import type { ChainHead, Heads } from './heads.ts'
import { nextTimestamp } from './validity.ts'

/** The fields of the next block that a contract can read. Time in seconds, fee in wei. */
export type NextBlock = { number: bigint; time: bigint; baseFeePerGas: bigint }

/** Predicts the next block, once per head. The returned function throws a Refusal RELAY_UNAVAILABLE. */
export function createNextBlock(client: PublicClient, heads: Heads): () => Promise<NextBlock> {
  let known: { head: Hash; block: Promise<NextBlock> } | undefined

  return async function nextBlock() {
    const head = await heads.latest()
    if (known?.head === head.hash) return known.block
    const asked = { head: head.hash, block: predict(client, head) }
    known = asked
    asked.block.catch(() => {
      if (known === asked) known = undefined
    })
    return asked.block
  }
}

/** The node computes the base fee, because chains differ in its rule. */
async function predict(client: PublicClient, head: ChainHead): Promise<NextBlock> {
  const { number } = head
  const asked = { blockCount: 1, blockNumber: number, rewardPercentiles: [] }
  const baseFeePerGas = (await answer(client.getFeeHistory(asked))).baseFeePerGas.at(-1)
  if (baseFeePerGas === undefined) throw new Error(`The node returns no base fee of the block after ${number}.`)
  return { number: number + 1n, time: nextTimestamp(head), baseFeePerGas }
}
