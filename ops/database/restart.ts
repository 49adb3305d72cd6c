import type { Logger } from 'pino'

/** Exit code that asks for a restart. */
export const RESTART = 75

/** Logs the reason, and ends this process at once. */
export function exitForRestart(logger: Logger, reason: string, details: object = {}): never {
  logger.fatal(details, `${reason}: exiting, so that a restart resumes from what PostgreSQL has`)
  process.exit(RESTART)
}

/**
 * From now on any failure ends this process with the code that asks for a restart: an error that nothing catches, or one
 * that Ponder takes for a defect. Ponder exits with 1 then, for instance after two cancelled statements in a row, and
 * supervisors would not restart it.
 * @returns a function that refuses to run: it throws its error, which ends the process with 1 if nothing catches it.
 */
export function restartAtFailure(): (reason: Error) => never {
  const askForRestart = (code: number) => {
    if (code !== 0) process.exitCode = RESTART
  }
  process.on('exit', askForRestart)
  return function refuse(reason) {
    process.off('exit', askForRestart)
    throw reason
  }
}
