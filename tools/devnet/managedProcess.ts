import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { registerCleanup } from './registerCleanup.ts'

const MAX_OUTPUT_LINES = 50

export type ProcessOptions = {
  /** The name in error messages. */
  name: string
  command: string
  args: readonly string[]
  /** Working directory; this process's if absent. */
  directory?: string | undefined
  /** Added to this process's environment; `undefined` removes a variable. */
  env?: Record<string, string | undefined>
  /** Called with each line that the process prints. */
  onLine?: ((line: string) => void) | undefined
  /** Milliseconds between SIGTERM and SIGKILL. */
  grace?: number | undefined
}

/** A child process, such as PostgreSQL, Anvil, the indexer or the API. */
export type ManagedProcess = {
  readonly name: string
  readonly pid: number
  /** Resolves once the process has ended for any reason, with "exited with code 1" or "was killed by SIGSEGV". */
  readonly ended: Promise<string>
  /** The last lines it printed. */
  output(): string
  /**
   * Waits for a printed line.
   * @throws with the process's output if it ends first, or does not print the line within `milliseconds`.
   */
  saw(line: RegExp, milliseconds: number): Promise<RegExpExecArray>
  /** An error about this process that includes its output. */
  failure(what: string): Error
  /** Ends the process and all that it spawned: SIGTERM, and SIGKILL after the grace period. */
  stop(): Promise<void>
}

/** Those not yet stopped. One that exited without `stop` stays, because processes that it spawned may remain. */
const running = new Set<ManagedProcess>()
let isClosed = false

/** Ends every process that this one started, the latest first. From then on, `startProcess` throws. */
export async function stopAllProcesses(): Promise<void> {
  isClosed = true
  for (const part of [...running].reverse()) await part.stop()
}

/**
 * Starts a process in a process group of its own. Ctrl-C in a terminal reaches the terminal's whole group, but
 * processes must end in order (the API before its database), so only their starter may be in that group. If the starter
 * dies first, its guard ends them.
 * @throws if the command cannot be run.
 */
export async function startProcess({
  name,
  command,
  args,
  directory,
  env = {},
  onLine,
  grace = 10_000,
}: ProcessOptions): Promise<ManagedProcess> {
  if (isClosed) throw new Error(`${name} is not started, because all processes are being stopped`)
  const child = execa(command, args, {
    // This also makes it the leader of a process group.
    killDescendants: true,
    forceKillAfterDelay: grace,
    ...(directory && { cwd: directory }),
    // Node skips the variables that are undefined.
    env: env as Record<string, string>,
    stdin: 'ignore',
    buffer: false,
    reject: false,
  })
  if (child.pid === undefined) throw new Error(`${name} cannot be run`, { cause: await child })
  const pid: number = child.pid
  registerCleanup({ started: pid })

  const lines: string[] = []
  const listeners = new Set<(line: string) => void>()
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      if (lines.length > MAX_OUTPUT_LINES) lines.shift()
      onLine?.(line)
      for (const listener of listeners) listener(line)
    })
  }

  const ended = once(child.nodeChildProcess, 'exit').then(async ([code, signal]) => {
    // The rest of the output comes before the promise resolves, which waits for all that inherited the streams.
    await Promise.race([child, sleep(200)])
    return signal === null ? `exited with code ${code}` : `was killed by ${signal}`
  })
  const output = () => lines.join('\n')
  const failure = (what: string) => new Error(`${name} ${what}. Its last output:\n${output() || '(none)'}`)

  async function saw(line: RegExp, milliseconds: number) {
    const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>()
    const listener = (text: string) => {
      const match = line.exec(text)
      if (match) resolve(match)
    }
    listeners.add(listener)
    for (const text of lines) listener(text)
    const timer = setTimeout(() => reject(failure(`did not print ${line} within ${milliseconds} ms`)), milliseconds)
    ended.then((how) => reject(failure(how)))
    return promise.finally(() => {
      clearTimeout(timer)
      listeners.delete(listener)
    })
  }

  async function stop() {
    child.kill()
    await child
    // Processes that it spawned may outlive it.
    child.kill('SIGKILL')
    running.delete(part)
    registerCleanup({ ended: pid })
  }

  const part = { name, pid, ended, output, saw, failure, stop }
  running.add(part)
  return part
}

/**
 * Starts a process, and waits for the line that says that it is ready.
 * @throws as `startProcess` and `saw` do; then the process has ended.
 */
export async function startReady(options: ProcessOptions, line: RegExp, milliseconds: number) {
  const part = await startProcess(options)
  try {
    return { part, match: await part.saw(line, milliseconds) }
  } catch (error) {
    await part.stop()
    throw error
  }
}
