import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startPart } from '../../devnet/part.ts'
import { tellGuard } from '../../devnet/tellGuard.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What the tests say of the contracts in a workspace. */
export type Verdict = { outcome: 'passed' | 'does not compile' } | { outcome: 'failed'; failures: string[] }

/** How the tests are run. */
export type Mode = {
  name: string
  environment: Record<string, string>
  /** Of `forge test`. */
  arguments: readonly string[]
}

export type Workspace = Awaited<ReturnType<typeof createWorkspace>>

/**
 * Copies of the contracts and their tests in a temporary directory, where they may be broken. Each mode has a copy of
 * its own, for it compiles the same sources to other code.
 */
export async function createWorkspace(modeNames: readonly string[]) {
  const directory = await mkdtemp(join(tmpdir(), 'runline-mutants-'))
  tellGuard({ directory })
  for (const name of modeNames) {
    for (const path of ['contracts', 'test/contracts', 'toolchain', 'foundry.toml', 'package.json']) {
      await cp(join(root, path), join(directory, name, path), { recursive: true })
    }
    await symlink(join(root, 'node_modules'), join(directory, name, 'node_modules'))
  }

  /** @throws if Forge ends in any other way than with passed tests, failed tests or a compiler's error. */
  async function test(mode: Mode): Promise<Verdict> {
    const lines: string[] = []
    const forge = await startPart({
      name: 'Forge',
      command: process.execPath,
      args: ['toolchain/forge.ts', 'test', ...mode.arguments],
      directory: join(directory, mode.name),
      env: { NO_COLOR: '1', ...mode.environment },
      onLine: (line) => lines.push(line),
    })
    const how = await forge.ended
    await forge.stop()
    if (how === 'exited with code 0') return { outcome: 'passed' }
    if (lines.some((line) => line.includes('Compiler run failed'))) return { outcome: 'does not compile' }
    const failures = lines.flatMap((line) => /^\[FAIL.*\] (\w+)\(/.exec(line)?.[1] ?? [])
    if (!lines.some((line) => line.startsWith('Encountered a total of'))) throw forge.failure(how)
    return { outcome: 'failed', failures: [...new Set(failures)] }
  }

  return {
    test,
    async write(path: string, content: string) {
      for (const name of modeNames) await writeFile(join(directory, name, path), content)
    },
    remove: () => rm(directory, { recursive: true }),
  }
}
