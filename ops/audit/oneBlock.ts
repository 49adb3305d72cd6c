import { setTimeout as sleep } from 'node:timers/promises'
import type { PublicClient } from 'viem'
import type { Deployment } from '../../src/api/deployment.ts'
import { Problem } from '../../src/api/errors.ts'
import type { IndexReader } from '../../src/api/queries/indexReader.ts'
import type { Snapshot, SnapshotQuery } from '../../src/api/queries/snapshot.ts'
import { ChainState } from './chainState.ts'

/** A deployment: its index, and the chain that the index must equal. */
export type Audited = {
  /** Its clock must be 0, so that the ladder is read at the block's time. */
  index: IndexReader
  client: PublicClient
  deployment: Deployment
}

/** How long the index may rewind, or be on a block that the chain has left. Milliseconds. */
const PATIENCE = 10_000
const PAUSE = 500

/**
 * Reads rows and compares them with the chain at the block at which they are true. Where a reorg took that block away,
 * it begins again with newer rows.
 * @throws once it has waited so long, and at once if index or chain fail otherwise.
 */
export async function atOneBlock<Rows, Result>(
  { index, client, deployment }: Audited,
  query: SnapshotQuery<Rows>,
  compare: (rows: Rows, chain: ChainState, block: bigint) => Promise<Result>,
): Promise<Result> {
  for (const deadline = Date.now() + PATIENCE; ; await sleep(PAUSE)) {
    const isLate = Date.now() > deadline
    const taken = await index.read(query).catch((error: unknown) => {
      const isRewinding = error instanceof Problem && error.code === 'INDEX_BEHIND'
      if (!isRewinding || isLate) throw error
    })
    if (!taken) continue
    const { number, hash } = taken.snapshot
    try {
      return await compare(taken.data, new ChainState(client, deployment, hash), number)
    } catch (cause) {
      if (await isCanonical(taken.snapshot)) throw cause
      if (isLate)
        throw new Error(`The index stays on block ${number}, ${hash}, which the chain does not have`, { cause })
    }
  }

  async function isCanonical({ number, hash }: Snapshot) {
    const { number: latest } = await client.getBlock()
    if (latest < number) return false
    return (await client.getBlock({ blockNumber: number })).hash === hash
  }
}
