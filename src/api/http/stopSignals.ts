import type { Logger } from 'pino'

export const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Signals within this time of the first one are the same request to stop. */
const REPEAT_WINDOW_MS = 1_000

/**
 * Calls `stop` at the first of these signals. On Ctrl-C the terminal signals every process of the group, and npm, which
 * is in the group, forwards the signal, so the process gets it twice. A second signal within the window is ignored; a
 * later one ends the process at once, with exit code 1.
 */
export function stopAtSignal(stop: () => void, logger: Logger): void {
  let stoppedAt: number | undefined
  function onSignal(signal: NodeJS.Signals) {
    if (stoppedAt === undefined) {
      stoppedAt = performance.now()
      logger.info({ signal }, 'Stopping')
      stop()
    } else if (performance.now() - stoppedAt > REPEAT_WINDOW_MS) {
      logger.error({ signal }, 'Stopping at once: the signal was sent again')
      process.exit(1)
    }
  }
  for (const signal of stopSignals) process.on(signal, onSignal)
}
