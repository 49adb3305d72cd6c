import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Position } from '../builds/views.ts'

export type Progress = Pick<Position, 'block' | 'mark'>

/** An index this many blocks behind the chain, or fewer, has caught up. */
const NEAR_BLOCKS = 10

/** How many times the stall timeout an index gets that has not caught up: a start may take longer than the timeout. */
const START_FACTOR = 16

export type StallOptions = {
  /** The number of the chain's latest block. */
  readChain: () => Promise<bigint>
  /** Undefined while nothing is indexed. */
  readProgress: () => Promise<Progress | undefined>
  logger: Logger
  /** Milliseconds between two polls. */
  interval?: number
  /** Milliseconds without progress that count as a stall. */
  stallTimeout: number
}

/**
 * Polls whether the index follows the chain, and resolves when it does not. An index at the chain's latest block cannot
 * stall. A node or database that does not answer is no stall either: a restart of the indexer would not help.
 */
export async function untilStalled(options: StallOptions): Promise<void> {
  const { readChain, readProgress, logger, interval = 1_000, stallTimeout } = options
  let mark: string | undefined
  let since = performance.now()
  let hasCaughtUp = false
  for (; ; await sleep(interval)) {
    try {
      const [chain, progress] = await Promise.all([readChain(), readProgress()])
      const latest = Number(chain)
      if (progress && progress.block + NEAR_BLOCKS >= latest) hasCaughtUp = true
      const isIdle = progress !== undefined && progress.block >= latest
      if (isIdle || progress?.mark !== mark) since = performance.now()
      mark = progress?.mark
      const age = performance.now() - since
      if (!progress || age < (hasCaughtUp ? 1 : START_FACTOR) * stallTimeout) continue
      const place = { latest, head: progress.block, seconds: Math.round(age / 1_000) }
      logger.error(place, 'The chain moves and head does not')
      return
    } catch (err) {
      logger.warn({ err }, 'Cannot tell whether the index follows the chain')
      since = performance.now()
    }
  }
}
