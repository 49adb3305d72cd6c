import { setTimeout as sleep } from 'node:timers/promises'
import type { PublicClient } from 'viem'
import type { Snapshot } from '../../src/api/queries/snapshot.ts'

/** Milliseconds between two looks at what is final. */
const PAUSE = 1_000

type Block = Pick<Snapshot, 'number' | 'hash'>

/** Whether the block is in the chain that the node takes for the present one. */
export async function isCanonical(client: PublicClient, { number, hash }: Block): Promise<boolean> {
  const latest = await client.getBlock()
  if (latest.number < number) return false
  return (await client.getBlock({ blockNumber: number })).hash === hash
}

/**
 * Waits until the node calls the block final.
 * @param onWait Called when it has to wait, with how many blocks are not final yet.
 * @returns false if another block is final at its height.
 */
export async function untilFinal(client: PublicClient, block: Block, onWait: (missing: number) => void) {
  for (;;) {
    const { number: final } = await client.getBlock({ blockTag: 'finalized' })
    if (final >= block.number || !(await isCanonical(client, block))) return isCanonical(client, block)
    onWait(Number(block.number - final))
    await sleep(PAUSE)
  }
}
