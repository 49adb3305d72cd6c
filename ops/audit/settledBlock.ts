import { setTimeout as sleep } from 'node:timers/promises'
import type { PublicClient } from 'viem'
import type { Snapshot } from '../../src/api/queries/snapshot.ts'

/** Milliseconds between two polls of the finalized block. */
const POLL_MS = 1_000

type Block = Pick<Snapshot, 'number' | 'hash'>

/** Whether the block is in the node's canonical chain. */
export async function isCanonical(client: PublicClient, { number, hash }: Block): Promise<boolean> {
  const latest = await client.getBlock()
  if (latest.number < number) return false
  return (await client.getBlock({ blockNumber: number })).hash === hash
}

/**
 * Waits until the block is finalized.
 * @param onWait Called before each wait, with the number of blocks that are still missing.
 * @returns false if another block replaced it at its height.
 */
export async function untilFinal(client: PublicClient, block: Block, onWait: (missing: number) => void) {
  for (;;) {
    const { number: finalized } = await client.getBlock({ blockTag: 'finalized' })
    if (finalized >= block.number || !(await isCanonical(client, block))) return isCanonical(client, block)
    onWait(Number(block.number - finalized))
    await sleep(POLL_MS)
  }
}
