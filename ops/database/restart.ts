import type { Logger } from 'pino'

/** Exit code that asks for a restart. */
export const RESTART = 75

/** Logs the reason, and ends this process at once. */
export function exitForRestart(logger: Logger, reason: string, details: object = {}): never {
  logger.fatal(details, `${reason}: exiting, so that a restart resumes from what PostgreSQL has`)
  process.exit(RESTART)
}
