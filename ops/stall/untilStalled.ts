import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Checkpoint } from './checkpoint.ts'

/** An index this many blocks behind the chain, or fewer, has caught up. */
const NEAR_BLOCKS = 10

/** How many times the stall timeout a start may take, until Ponder begins to index. */
const START_FACTOR = 16

export type StallOptions = {
  /** The number of the chain's latest block. */
  readChain: () => Promise<bigint>
  /** Undefined before the first start of the build. */
  readCheckpoint: () => Promise<Checkpoint | undefined>
  /** How many answers of the node Ponder's backfill has got: one batch of it may take longer than the stall timeout. */
  countAnswers: () => number
  logger: Logger
  /** Milliseconds between two polls. */
  interval?: number
  /** Milliseconds without progress that count as a stall. */
  stallTimeout: number
}

/**
 * Polls whether the index follows the chain, and resolves when it does not. Progress is a commit of Ponder's, or an answer
 * of the node to its backfill. An index at the chain's latest block cannot stall.
 *
 * Only progress resets the time without it. The time between two polls does not count if the second one fails: while node
 * or database do not answer, a restart of the indexer would not help.
 */
export async function untilStalled(options: StallOptions): Promise<void> {
  const { readChain, readCheckpoint, countAnswers, logger, interval = 1_000, stallTimeout } = options
  let mark: string | undefined
  let hasBegun = false
  let idle = 0
  let polledAt = performance.now()

  /** Asks for the chain only where the index has not moved since the last poll: one that moves has not stalled. */
  async function poll() {
    try {
      const checkpoint = await readCheckpoint()
      if (checkpoint === undefined) return undefined
      const answers = countAnswers()
      const newMark = `${checkpoint.mark} ${answers}`
      const hasMoved = mark !== undefined && newMark !== mark
      return { checkpoint, answers, newMark, latest: hasMoved ? undefined : Number(await readChain()) }
    } catch (err) {
      logger.warn({ err }, 'Cannot tell whether the index follows the chain')
      return undefined
    }
  }

  for (; ; await sleep(interval)) {
    const position = await poll()
    const elapsed = performance.now() - polledAt
    polledAt += elapsed
    if (!position) continue
    const { latest, checkpoint, answers, newMark } = position
    const isFirst = mark === undefined
    mark = newMark
    if (answers > 0 || latest === undefined || checkpoint.block + NEAR_BLOCKS >= latest) hasBegun = true
    const isIdle = !isFirst && latest !== undefined && checkpoint.block < latest
    idle = isIdle ? idle + elapsed : 0
    if (idle < (hasBegun ? 1 : START_FACTOR) * stallTimeout) continue
    const place = { latest, indexed: checkpoint.block, seconds: Math.round(idle / 1_000) }
    logger.error(place, 'The chain moves and the index does not')
    return
  }
}
