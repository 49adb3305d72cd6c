import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { isGroupAlive, signalGroup } from './processGroup.ts'
import { tellGuard } from './tellGuard.ts'

const keptLines = 50

export type PartOptions = {
  /** What messages call the part. */
  name: string
  command: string
  args: readonly string[]
  /** Where it runs; this process's directory if absent. */
  directory?: string | undefined
  /** Added to this process's environment; `undefined` removes a variable. */
  env?: Record<string, string | undefined>
  /** Called with each line that the part prints. */
  onLine?: ((line: string) => void) | undefined
  /** Milliseconds between SIGTERM and SIGKILL. */
  grace?: number | undefined
}

/** A running process of the market: PostgreSQL, Anvil, the indexer or the API. */
export type Part = {
  readonly name: string
  readonly pid: number
  /** Resolves once the process has ended, asked or not, with how: "exited with code 1", "was killed by SIGSEGV". */
  readonly ended: Promise<string>
  /** The last lines it printed. */
  output(): string
  /**
   * Waits for a printed line.
   * @throws with the part's output if it ends first, or does not print the line within `milliseconds`.
   */
  saw(line: RegExp, milliseconds: number): Promise<RegExpExecArray>
  /** An error about this part that carries its output. */
  failure(what: string): Error
  /** Ends the part and all it spawned: SIGTERM, and SIGKILL after the grace period. */
  stop(): Promise<void>
}

/** Not yet stopped: of one that ended by itself something may be left. */
const running = new Set<Part>()
let isClosed = false

/**
 * Ends every part that this process started, the latest first, and lets it start no more: what was on its way to start
 * a part fails.
 */
export async function stopAllParts(): Promise<void> {
  isClosed = true
  for (const part of [...running].reverse()) await part.stop()
}

/**
 * Starts a process in a group of its own. Ctrl-C in a terminal reaches a whole group, and parts must end in order (the
 * API before its database), so only their starter may be in the terminal's. Should the starter die first, its guard
 * ends them.
 * @throws if the command cannot be run.
 */
export async function startPart({
  name,
  command,
  args,
  directory,
  env,
  onLine,
  grace = 10_000,
}: PartOptions): Promise<Part> {
  if (isClosed) throw new Error(`${name} is not started any more`)
  const child = spawn(command, args, {
    detached: true,
    cwd: directory,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (child.pid === undefined) {
    const [error] = await once(child, 'error')
    throw new Error(`${name} cannot be run`, { cause: error })
  }
  const pid: number = child.pid
  tellGuard({ started: pid })

  const lines: string[] = []
  const listeners = new Set<(line: string) => void>()
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      if (lines.length > keptLines) lines.shift()
      onLine?.(line)
      for (const listener of listeners) listener(line)
    })
  }

  const ended = howItEnds(child)
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
    signalGroup(pid, 'SIGTERM')
    const deadline = Date.now() + grace
    while (isGroupAlive(pid) && Date.now() < deadline) await sleep(20)
    signalGroup(pid, 'SIGKILL')
    await ended
    running.delete(part)
    tellGuard({ ended: pid })
  }

  const part = { name, pid, ended, output, saw, failure, stop }
  running.add(part)
  return part
}

async function howItEnds(child: ChildProcess): Promise<string> {
  const closed = once(child, 'close')
  const [code, signal] = await once(child, 'exit')
  // The rest of the output comes before 'close', which waits for whatever the process left behind.
  await Promise.race([closed, sleep(200)])
  return signal === null ? `exited with code ${code}` : `was killed by ${signal}`
}
