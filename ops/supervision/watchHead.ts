import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'

/** How far the index is: the block that readers see, and a mark that changes with whatever Ponder does. */
export type Progress = { block: bigint; mark: string }

/** How many patiences an indexer may take to get going, at most. */
const LONGEST = 16

export type WatchOptions = {
  /** The number of the chain's latest block. */
  readChain: () => Promise<bigint>
  /** Undefined while nothing is indexed. */
  readProgress: () => Promise<Progress | undefined>
  /** Called when the index is behind and does not move, and again after twice as long each time, if that goes on. */
  onStall: () => void
  logger: Logger
  /** Milliseconds between two looks. */
  interval?: number
  /** Milliseconds without a move. */
  patience: number
}

/**
 * Looks, by polling, whether the index follows the chain, until it is stopped. An index at the chain's latest block has
 * nothing to do; and where node or database do not answer, nobody can tell, and a new process would not mend it.
 */
export function watchHead(options: WatchOptions) {
  const { readChain, readProgress, onStall, logger, interval = 1_000, patience } = options
  const stopping = new AbortController()
  let mark: string | undefined
  let since = performance.now()
  let allowed = patience

  async function look() {
    const [latest, progress] = await Promise.all([readChain(), readProgress()])
    const isIdle = progress !== undefined && progress.block >= latest
    if (isIdle || progress?.mark !== mark) {
      mark = progress?.mark
      since = performance.now()
      allowed = patience
    }
    const age = performance.now() - since
    if (progress === undefined || age < allowed) return
    const seconds = Math.round(age / 1_000)
    logger.error({ latest: Number(latest), head: Number(progress.block), seconds }, 'The chain moves and head does not')
    since = performance.now()
    // A start may take longer than that: one must come that is let finish.
    allowed = Math.min(2 * allowed, LONGEST * patience)
    onStall()
  }

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await look().catch((err: unknown) => {
        logger.warn({ err }, 'Cannot tell whether the index follows the chain')
        since = performance.now()
      })
      await sleep(interval, undefined, { signal: stopping.signal }).catch(() => {})
    }
  })()

  return {
    async stop() {
      stopping.abort()
      await loop
    },
  }
}
