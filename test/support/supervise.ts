import { setTimeout as sleep } from 'node:timers/promises'
import type { ManagedProcess } from '../../tools/devnet/managedProcess.ts'

/** A process that runs and is ready. */
type Running = { part: Pick<ManagedProcess, 'ended' | 'output'>; stop(): Promise<void> }

/** How a process ended by itself, such as "exited with code 75", and when, by `performance.now()`. */
export type End = {
  how: string
  at: number
  /** The last lines that it printed. */
  output: string
  /** Milliseconds from the end until the process was ready again; undefined if it has not been since. */
  restartMs?: number
}

/** `RestartSec` of our units. */
const RESTART_MS = 1_000

/** `RestartPreventExitStatus` of our units for the indexer and its standby. */
export const INDEXER_FINAL_ENDS: readonly string[] = ['exited with code 1']

/**
 * Runs a process as systemd does with our units: it starts again a second after each end.
 * @param start resolves once the process is ready. Its error is an end too.
 * @param finalEnds the ends after which it stays ended.
 */
export function supervise(start: () => Promise<Running>, finalEnds: readonly string[] = []) {
  const ends: End[] = []
  let running: Running | undefined
  let isStopping = false
  let isRestarting = false
  let ready = Promise.withResolvers<void>()

  async function runOnce(): Promise<Pick<End, 'how' | 'output'>> {
    try {
      running = await start()
    } catch (error) {
      const output = String(error)
      return { how: /exited with code \d+|was killed by \w+/.exec(output)?.[0] ?? 'did not start', output }
    }
    const readyAt = performance.now()
    for (const end of ends) end.restartMs ??= readyAt - end.at
    ready.resolve()
    if (isStopping) await running.stop()
    const { part, stop } = running
    const how = await part.ended
    await stop()
    running = undefined
    return { how, output: part.output() }
  }

  async function run() {
    while (!isStopping) {
      const end = await runOnce()
      if (isStopping) return
      if (isRestarting) {
        isRestarting = false
        continue
      }
      ends.push({ ...end, at: performance.now() })
      if (finalEnds.includes(end.how)) return
      await sleep(RESTART_MS)
    }
  }

  const over = run()

  async function untilReady() {
    await Promise.race([ready.promise, over])
    const last = ends.at(-1)
    if (!running) throw new Error(`A process ended and is not started again: it ${last?.how}.\n${last?.output}`)
  }

  return {
    /** All ends that were not asked for. */
    ends,
    /** Resolves once the process is ready. @throws if it ended in a final way before. */
    untilReady,
    /** Resolves once it will not be started again. */
    over,
    isRunning: () => running !== undefined,
    /** Stops the process, and resolves once it is ready again. */
    async restart() {
      isRestarting = running !== undefined
      ready = Promise.withResolvers()
      await running?.stop()
      await untilReady()
    },
    async stop() {
      isStopping = true
      await running?.stop()
      await over
    },
  }
}
