import type { createAnvilClient } from '../../tools/devnet/anvilClient.ts'

type History = {
  /** How long the blocks took, and the time from one to the next, which may be a part of a second. */
  seconds: number
  blockTime: number
  /** The timestamp of the last block, in seconds; now if absent. */
  until?: number
}

/** Makes at once the blocks that a chain would have made in this time. The chain's clock must be before all of them. */
export async function mineHistory(
  client: Pick<ReturnType<typeof createAnvilClient>, 'mine' | 'setNextBlockTimestamp'>,
  { seconds, blockTime, until = Math.floor(Date.now() / 1_000) }: History,
) {
  const perTimestamp = Math.max(1, Math.round(1 / blockTime))
  const step = Math.max(1, blockTime)
  for (let timestamp = until - seconds; timestamp <= until; timestamp += step) {
    await client.setNextBlockTimestamp({ timestamp: BigInt(Math.floor(timestamp)) })
    await client.mine({ blocks: perTimestamp })
  }
}
