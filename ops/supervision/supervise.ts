import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'

/** Exit code of a process that cannot run with its configuration. */
const MISCONFIGURED = 1

/** Delay before a restart; doubled after each run shorter than `STABLE_RUN_MS`. */
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 60_000

/** A run at least this long resets the delay. */
const STABLE_RUN_MS = 60_000

/** Time between SIGTERM and SIGKILL. */
const GRACE_MS = 20_000

export type SuperviseOptions = {
  command: string
  args: readonly string[]
  logger: Logger
  /** Milliseconds before the first restart. */
  firstPause?: number
}

/**
 * Runs a process, and restarts it whenever it ends, except after exit code 1 or `stop`. The process inherits our
 * output.
 * @returns `ended` resolves with the exit code for this process.
 */
export function supervise({ command, args, logger, firstPause = FIRST_PAUSE_MS }: SuperviseOptions) {
  const stopping = new AbortController()
  let child: ReturnType<typeof spawn> | undefined

  async function runOnce() {
    const started = spawn(command, args, { stdio: 'inherit' })
    child = started
    logger.info({ child: started.pid }, 'The indexer has started')
    const [code, signal] = (await once(started, 'exit')) as [number | null, NodeJS.Signals | null]
    child = undefined
    return { code, signal }
  }

  async function run(): Promise<number> {
    for (let pause = firstPause; ; ) {
      const begin = performance.now()
      const how = await runOnce()
      if (stopping.signal.aborted) return 0
      if (how.code === MISCONFIGURED) {
        logger.fatal(how, 'The indexer cannot run with its configuration')
        return MISCONFIGURED
      }
      if (performance.now() - begin > STABLE_RUN_MS) pause = firstPause
      logger.error({ ...how, pause }, 'The indexer ended and will be restarted')
      await sleep(pause, undefined, { signal: stopping.signal }).catch(() => {})
      if (stopping.signal.aborted) return 0
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS)
    }
  }

  /** Ends the current process: SIGTERM, and SIGKILL after the grace period. */
  function end() {
    const ending = child
    if (!ending) return
    ending.kill('SIGTERM')
    const timer = setTimeout(() => ending.kill('SIGKILL'), GRACE_MS)
    ending.once('exit', () => clearTimeout(timer))
  }

  return {
    ended: run(),
    restart: end,
    stop() {
      stopping.abort()
      end()
    },
  }
}
