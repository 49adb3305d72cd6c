import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startProcess } from '../../tools/devnet/managedProcess.ts'
import { registerCleanup } from '../../tools/devnet/registerCleanup.ts'
import { startCompiler } from './compiler.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The result of the tests in a workspace. */
export type TestResult = {
  outcome: 'passed' | 'failed' | 'does not compile'
  /** The names of the failed tests. */
  failures: string[]
  /** How long each test contract ran, in seconds of processor time. */
  seconds: ReadonlyMap<string, number>
}

/** How to run the tests. */
export type Mode = {
  name: string
  environment: Record<string, string>
  /** Arguments of `forge test`. */
  arguments: readonly string[]
}

export type Workspace = Awaited<ReturnType<typeof createWorkspace>>

/**
 * Copies of the contracts and their tests in a temporary directory, to be changed there. Each mode has its own copy,
 * because it compiles the same sources to other code.
 */
export async function createWorkspace(modeNames: readonly string[]) {
  const directory = await mkdtemp(join(tmpdir(), 'runline-mutants-'))
  registerCleanup({ directory })
  for (const name of modeNames) {
    for (const path of ['contracts', 'test/contracts', 'tools/toolchain', 'foundry.toml', 'package.json']) {
      await cp(join(root, path), join(directory, name, path), { recursive: true })
    }
    await symlink(join(root, 'node_modules'), join(directory, name, 'node_modules'))
  }

  const compiler = await startCompiler(join(directory, 'compiler.sock'))

  /** @throws if Forge ends other than with passed tests, failed tests or a compiler error. */
  async function test(mode: Mode): Promise<TestResult> {
    const lines: string[] = []
    const forge = await startProcess({
      name: 'Forge',
      command: process.execPath,
      args: ['tools/toolchain/forge.ts', 'test', ...mode.arguments],
      directory: join(directory, mode.name),
      env: { NO_COLOR: '1', ...compiler.environment, ...mode.environment },
      onLine: (line) => lines.push(line),
    })
    const how = await forge.ended
    await forge.stop()
    return { outcome: outcomeOf(how, lines, forge.failure), failures: failuresIn(lines), seconds: secondsIn(lines) }
  }

  return {
    test,
    /** Writes a file of the mode's copy. */
    write: (mode: Mode, path: string, content: string) => writeFile(join(directory, mode.name, path), content),
    async remove() {
      await compiler.stop()
      await rm(directory, { recursive: true })
    },
  }
}

function outcomeOf(how: string, lines: readonly string[], failure: (what: string) => Error): TestResult['outcome'] {
  if (how === 'exited with code 0') return 'passed'
  if (lines.some((line) => line.includes('Compiler run failed'))) return 'does not compile'
  if (lines.some((line) => line.startsWith('Encountered a total of'))) return 'failed'
  throw failure(how)
}

function failuresIn(lines: readonly string[]): string[] {
  return [...new Set(lines.flatMap((line) => /^\[FAIL.*\] (\w+)\(/.exec(line)?.[1] ?? []))]
}

/** Forge prints a suite's name on one line, and its time on the last line of its results. */
function secondsIn(lines: readonly string[]): Map<string, number> {
  const seconds = new Map<string, number>()
  let suite = ''
  for (const line of lines) {
    suite = /^Ran \d+ tests? for .*:(\w+)$/.exec(line)?.[1] ?? suite
    const [, time, unit] = /^Suite result: .*\(([\d.]+)([mµn]?s) CPU time\)$/.exec(line) ?? []
    // A suite below one second counts as zero.
    if (time) seconds.set(suite, unit === 's' ? Number(time) : 0)
  }
  return seconds
}
