import { readFile } from 'node:fs/promises'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { temporaryDirectory } from '../../../testkit/temporaryDirectory.ts'
import { installPacked, publishDry } from '../../support/packedPackage.ts'

it('the package’s command starts in an empty folder, with its dependencies alone', async () => {
  await using parts = new AsyncDisposableStack()
  const { path: cwd, remove } = await temporaryDirectory()
  parts.defer(remove)
  const files = await installPacked('cli', cwd)
  const others = ['LICENSE', 'README.md', 'dist/cli/package.json', 'package.json']
  expect(files.filter((file) => !/^dist\/.*\.js$/.test(file))).toEqual(others)
  expect(await publishDry('cli')).toEqual({ id: expect.stringMatching(/^@runline\/cli@\d/), files })
  const help = await execa('npx', ['--offline', 'runline', 'run', 'claim', '--help'], { cwd })
  expect(help.stdout).toContain('Usage: runline run claim [options] <run>')
  const { version } = JSON.parse(await readFile('cli/package.json', 'utf8'))
  expect((await execa('npx', ['--offline', 'runline', '--version'], { cwd })).stdout).toBe(version)
}, 180_000)
