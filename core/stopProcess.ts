import type { Logger } from 'pino'

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Signals within this time of the first one are the same request to stop. */
const REPEAT_WINDOW_MS = 1_000

type Options = {
  /** How long `stop` may take. Then the process ends at once, with exit code 1. */
  timeoutMs: number
  logger: Logger
}

/**
 * Calls `stop`, once, at the first signal to stop or uncaught error, and ends the process with exit code 0 or 1.
 *
 * On Ctrl-C the terminal signals every process of the group, and npm, which is in the group, forwards the signal, so the
 * process gets it twice. A second signal within the window is ignored; a later one, or an error, ends the process at once,
 * with exit code 1.
 */
export function stopGracefully(stop: () => Promise<void>, { timeoutMs, logger }: Options): void {
  let stoppedAt: number | undefined

  function stopAtOnce(err: unknown, reason: string): never {
    logger.fatal({ err }, `Stopping at once: ${reason}`)
    process.exit(1)
  }

  async function end(exitCode: number) {
    stoppedAt = performance.now()
    setTimeout(() => stopAtOnce(undefined, `the stop took longer than ${timeoutMs} ms`), timeoutMs)
    try {
      await stop()
    } catch (err) {
      stopAtOnce(err, 'the stop failed')
    }
    logger.info('Stopped')
    process.exit(exitCode)
  }

  for (const signal of stopSignals) {
    process.on(signal, () => {
      if (stoppedAt === undefined) {
        logger.info({ signal }, 'Stopping')
        void end(0)
      } else if (performance.now() - stoppedAt > REPEAT_WINDOW_MS) {
        stopAtOnce(undefined, `${signal} was sent again`)
      }
    })
  }

  // Also at a rejection that no code handles: Node makes it one.
  process.on('uncaughtException', (err) => {
    if (stoppedAt !== undefined) stopAtOnce(err, 'an uncaught error')
    logger.fatal({ err }, 'Stopping after an uncaught error')
    void end(1)
  })
}
