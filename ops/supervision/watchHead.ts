import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'

/** The index's progress: the block that readers see, and a mark that changes with every commit of Ponder's. */
export type Progress = { block: bigint; mark: string }

/** The timeout doubles after each stall, up to this multiple of `stallTimeout`. */
const MAX_TIMEOUT_FACTOR = 16

export type WatchOptions = {
  /** The number of the chain's latest block. */
  readChain: () => Promise<bigint>
  /** Undefined while nothing is indexed. */
  readProgress: () => Promise<Progress | undefined>
  /** Called when the index is behind and makes no progress; again after twice the last timeout while that lasts. */
  onStall: () => void
  logger: Logger
  /** Milliseconds between two polls. */
  interval?: number
  /** Milliseconds without progress that count as a stall. */
  stallTimeout: number
}

/**
 * Polls whether the index follows the chain, until it is stopped. An index at the chain's latest block cannot stall. A
 * node or database that does not answer is no stall either: a restart of the indexer would not help.
 */
export function watchHead(options: WatchOptions) {
  const { readChain, readProgress, onStall, logger, interval = 1_000, stallTimeout } = options
  const stopping = new AbortController()
  let mark: string | undefined
  let since = performance.now()
  let timeout = stallTimeout

  async function poll() {
    const [latest, progress] = await Promise.all([readChain(), readProgress()])
    const isIdle = progress !== undefined && progress.block >= latest
    if (isIdle || progress?.mark !== mark) {
      mark = progress?.mark
      since = performance.now()
      timeout = stallTimeout
    }
    const age = performance.now() - since
    if (progress === undefined || age < timeout) return
    const seconds = Math.round(age / 1_000)
    logger.error({ latest: Number(latest), head: Number(progress.block), seconds }, 'The chain moves and head does not')
    since = performance.now()
    // A start may take longer than the timeout: it doubles until one start can finish.
    timeout = Math.min(2 * timeout, MAX_TIMEOUT_FACTOR * stallTimeout)
    onStall()
  }

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await poll().catch((err: unknown) => {
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
