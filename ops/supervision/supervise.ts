import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'

/** Exit code of a process that cannot run as it is configured. */
const HOPELESS = 1

/** Milliseconds between an end and the next start; doubled for each end that comes soon after its start. */
const FIRST_PAUSE = 500
const LONGEST_PAUSE = 60_000

/** A process that ran so long had a good start, in milliseconds. */
const GOOD_RUN = 60_000

/** Milliseconds that a process has for an orderly end. */
const GRACE = 20_000

export type SuperviseOptions = {
  command: string
  args: readonly string[]
  logger: Logger
  /** Milliseconds. */
  firstPause?: number
}

/**
 * Runs a process, and again whenever it ends, but for exit code 1 and after `stop`. It writes to our output.
 * `ended` is the exit code to end with.
 */
export function supervise({ command, args, logger, firstPause = FIRST_PAUSE }: SuperviseOptions) {
  const stopping = new AbortController()
  let child: ReturnType<typeof spawn> | undefined

  async function runOnce() {
    const started = spawn(command, args, { stdio: 'inherit' })
    child = started
    logger.info({ child: started.pid }, 'The indexer is started')
    const [code, signal] = (await once(started, 'exit')) as [number | null, NodeJS.Signals | null]
    child = undefined
    return { code, signal }
  }

  async function run(): Promise<number> {
    for (let pause = firstPause; ; ) {
      const begin = performance.now()
      const how = await runOnce()
      if (stopping.signal.aborted) return 0
      if (how.code === HOPELESS) {
        logger.fatal(how, 'The indexer cannot run as it is configured')
        return HOPELESS
      }
      if (performance.now() - begin > GOOD_RUN) pause = firstPause
      logger.error({ ...how, pause }, 'The indexer ended and is started again')
      await sleep(pause, undefined, { signal: stopping.signal }).catch(() => {})
      if (stopping.signal.aborted) return 0
      pause = Math.min(2 * pause, LONGEST_PAUSE)
    }
  }

  /** Ends the process that runs now: in order, or by force where that takes too long. */
  function end() {
    const ending = child
    if (!ending) return
    ending.kill('SIGTERM')
    const timer = setTimeout(() => ending.kill('SIGKILL'), GRACE)
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
