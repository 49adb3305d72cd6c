import { setTimeout as sleep } from 'node:timers/promises'
import type { ManagedProcess } from '../devnet/managedProcess.ts'
import { signal } from './signal.ts'

type Running = { part: ManagedProcess; stop(): Promise<void> }

export type Kept = ReturnType<typeof keepRunning>

/** Milliseconds before the next start, by the number of failed starts in a row. */
const BACK_OFF = [100, 500, 1_000, 2_000, 4_000]

/**
 * Starts a process, and restarts it whenever it ends, as an orchestrator does.
 * @param onEnd Called with how the process ended or that it did not start, except for the end that `stop` requests.
 */
export function keepRunning(start: () => Promise<Running>, onEnd: (how: string) => void) {
  let running: Running | undefined
  let turns = 0
  let isStopping = false
  const up = Promise.withResolvers<void>()

  async function startUntilUp() {
    for (const pause of BACK_OFF) {
      try {
        return await start()
      } catch (error) {
        if (isStopping) return undefined
        if (pause === BACK_OFF.at(-1)) throw error
        onEnd('did not start')
        await sleep(pause)
      }
    }
  }

  async function run() {
    while (!isStopping) {
      running = await startUntilUp()
      turns++
      if (!running) return
      up.resolve()
      if (isStopping) await running.stop()
      const how = await running.part.ended
      await running.stop()
      running = undefined
      turns++
      if (!isStopping) onEnd(how)
    }
  }

  const ended = run()
  ended.catch(up.reject)

  /** Sends a signal to the process. @returns false if none is running. */
  function send(name: NodeJS.Signals) {
    if (!running) return false
    turns++
    return signal(running.part.pid, name)
  }

  return {
    /** Resolves once the process runs for the first time. @throws if it cannot be started. */
    up: up.promise,
    /** The last lines of its output. */
    output: () => running?.part.output() ?? 'The process is not running.',
    isUp: () => running !== undefined,
    /** Increases whenever the process starts, ends, or is sent a signal. */
    turns: () => turns,
    kill: () => send('SIGKILL'),
    terminate: () => send('SIGTERM'),
    /** @throws if the process could not be restarted. */
    async stop() {
      isStopping = true
      await running?.stop()
      await ended
    },
  }
}
