import { setTimeout as sleep } from 'node:timers/promises'
import type { PublicClient } from 'viem'
import type { Snapshot } from '../../src/api/index/snapshot.ts'

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
 * @param onWait Called before each wait, with the share of the wait that is done, from 0 to 1, and the missing blocks.
 * @returns false if another block replaced it at its height.
 */
export async function untilFinal(client: PublicClient, block: Block, onWait: (share: number, missing: bigint) => void) {
  let missingAtFirst: bigint | undefined
  for (;;) {
    const { number: finalized } = await client.getBlock({ blockTag: 'finalized' })
    if (finalized >= block.number || !(await isCanonical(client, block))) return isCanonical(client, block)
    const missing = block.number - finalized
    missingAtFirst ??= missing
    onWait(1 - Number(missing) / Number(missingAtFirst), missing)
    await sleep(POLL_MS)
  }
}
