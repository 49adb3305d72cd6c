import { mkdir, readFile, symlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { temporaryDirectory } from '../../../testkit/temporaryDirectory.ts'

/** The directory of an installed dependency: the workspace's own version if the root has another. */
const installed: Record<string, string> = { commander: 'cli/node_modules/commander' }

it('the package has a compiled command that starts with its dependencies alone', async () => {
  await using parts = new AsyncDisposableStack()
  const { path, remove } = await temporaryDirectory()
  parts.defer(remove)
  const { stdout } = await execa('npm', ['pack', '--json', '--pack-destination', path], { cwd: 'cli' })
  const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('[')))
  const target = join(path, 'node_modules/runline-cli')
  await mkdir(target, { recursive: true })
  await execa('tar', ['-xzf', join(path, filename), '--strip-components=1', '-C', target])
  const { bin, dependencies } = JSON.parse(await readFile(join(target, 'package.json'), 'utf8'))
  for (const name of Object.keys(dependencies)) {
    const link = join(path, 'node_modules', name)
    await mkdir(dirname(link), { recursive: true })
    await symlink(resolve(installed[name] ?? `node_modules/${name}`), link)
  }
  const help = await execa(process.execPath, [join(target, bin.runline), 'run', 'claim', '--help'], { cwd: path })
  expect(help.stdout).toContain('Usage: runline run claim [options] <run>')
}, 180_000)
