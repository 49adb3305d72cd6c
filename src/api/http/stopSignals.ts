import type { Logger } from 'pino'

export const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Signals within this time of the first count as the same request to stop. Milliseconds. */
const REPEATED_WITHIN = 1_000

/**
 * Calls `stop` at the first of these signals. The terminal sends Ctrl-C to all processes of a group, and npm, which is one
 * of them, sends it on: so the process gets it twice, and the second one is ignored. A later one ends the process at once,
 * with exit code 1.
 */
export function stopAtSignal(stop: () => void, logger: Logger): void {
  let stoppedAt: number | undefined
  function onSignal(signal: NodeJS.Signals) {
    if (stoppedAt === undefined) {
      stoppedAt = performance.now()
      logger.info({ signal }, 'Stopping')
      stop()
    } else if (performance.now() - stoppedAt > REPEATED_WITHIN) {
      logger.error({ signal }, 'Stopping at once, for it came again')
      process.exit(1)
    }
  }
  for (const signal of stopSignals) process.on(signal, onSignal)
}
