import { setTimeout as sleep } from 'node:timers/promises'
import type { ManagedProcess } from '../../tools/devnet/managedProcess.ts'
import { signal } from './signal.ts'

/** A process that runs and is ready. */
type Running = { part: Pick<ManagedProcess, 'pid' | 'ended' | 'output'>; stop(): Promise<void> }

/** How a process ended by itself, such as "exited with code 75", and when, by `performance.now()`. */
type End = {
  how: string
  at: number
  /** The last lines that it printed. */
  output: string
  /** Milliseconds from the end until the process was ready again; undefined if it has not been since. */
  restartMs?: number
}

type Options = {
  /** The ends after which it stays ended. */
  finalEnds?: readonly string[]
  /** Called with how the process ended, or that it did not start, where that was not asked for. */
  onEnd?: (how: string) => void
  /** Milliseconds before the first restart, and at most. */
  firstPauseMs?: number
  longestPauseMs?: number
  /** A process that fails to start so often in a row is given up: a test would otherwise wait for it until its timeout. */
  mostFailedStarts?: number
}

export type Supervised = ReturnType<typeof supervise>

/** The pause before a restart: `RestartSec` of our units. It doubles after each end that follows soon on its start. */
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000

/** A process that runs for so long has started well. */
const WELL_MS = 10_000

/** `RestartPreventExitStatus` of our unit for the indexer. */
export const INDEXER_FINAL_ENDS: readonly string[] = ['exited with code 1']

const MOST_FAILED_STARTS = 30

/**
 * Runs a process as the supervisors of our deployments do: it starts again after each end, a second later, and later if it
 * ends by itself soon after its start.
 * @param start resolves once the process is ready. Its error is an end too.
 */
export function supervise(
  start: () => Promise<Running>,
  {
    finalEnds = [],
    onEnd,
    firstPauseMs = FIRST_PAUSE_MS,
    longestPauseMs = LONGEST_PAUSE_MS,
    mostFailedStarts = MOST_FAILED_STARTS,
  }: Options = {},
) {
  const ends: End[] = []
  let running: Running | undefined
  let failedStarts = 0
  let pauseMs = firstPauseMs
  let turns = 0
  let isStopping = false
  let isRestarting = false
  let ready = Promise.withResolvers<void>()

  async function runOnce(): Promise<Pick<End, 'how' | 'output'>> {
    try {
      running = await start()
    } catch (error) {
      failedStarts++
      const output = String(error)
      return { how: /exited with code \d+|was killed by \w+/.exec(output)?.[0] ?? 'did not start', output }
    }
    failedStarts = 0
    turns++
    const readyAt = performance.now()
    for (const end of ends) end.restartMs ??= readyAt - end.at
    ready.resolve()
    if (isStopping) await running.stop()
    const { part, stop } = running
    const how = await part.ended
    await stop()
    running = undefined
    turns++
    return { how, output: part.output() }
  }

  async function run() {
    while (!isStopping) {
      const startedAt = performance.now()
      const end = await runOnce()
      if (isStopping) return
      if (isRestarting) {
        isRestarting = false
        continue
      }
      ends.push({ ...end, at: performance.now() })
      onEnd?.(end.how)
      if (finalEnds.includes(end.how) || failedStarts === mostFailedStarts) return
      const wasKilled = end.how.startsWith('was killed')
      if (wasKilled || performance.now() - startedAt > WELL_MS) pauseMs = firstPauseMs
      await sleep(pauseMs)
      pauseMs = Math.min(2 * pauseMs, longestPauseMs)
    }
  }

  const over = run()

  /** Sends a signal to the process. @returns false if none is running. */
  function send(name: NodeJS.Signals) {
    if (!running) return false
    turns++
    return signal(running.part.pid, name)
  }

  async function untilReady() {
    await Promise.race([ready.promise, over])
    const last = ends.at(-1)
    if (!running) throw new Error(`A process ended and is not started again: it ${last?.how}.\n${last?.output}`)
  }

  return {
    /** All ends that were not asked for by `restart` or `stop`. */
    ends,
    /** Resolves once the process is ready. @throws if it ended in a final way before. */
    untilReady,
    /** Resolves once it will not be started again. */
    over,
    isRunning: () => running !== undefined,
    /** The last lines of its output. */
    output: () => running?.part.output() ?? 'The process is not running.',
    /** Increases whenever the process starts, ends, or is sent a signal. */
    turns: () => turns,
    kill: () => send('SIGKILL'),
    terminate: () => send('SIGTERM'),
    /** Stops the process, and resolves once it is ready again. */
    async restart() {
      isRestarting = running !== undefined
      ready = Promise.withResolvers()
      await running?.stop()
      await untilReady()
    },
    /** @throws if the process had failed to start for good. */
    async stop() {
      isStopping = true
      await running?.stop()
      await over
      if (failedStarts === mostFailedStarts) throw new Error(`A process did not start: ${ends.at(-1)?.output}`)
    },
  }
}
