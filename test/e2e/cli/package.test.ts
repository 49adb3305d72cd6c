import { execa } from 'execa'
import { expect, it } from 'vitest'
import { temporaryDirectory } from '../../../testkit/temporaryDirectory.ts'
import { installPacked } from '../../support/packedPackage.ts'

it('the package’s command starts in an empty folder, with its dependencies alone', async () => {
  await using parts = new AsyncDisposableStack()
  const { path: cwd, remove } = await temporaryDirectory()
  parts.defer(remove)
  const files = await installPacked('cli', cwd)
  expect(files.filter((file) => !/^dist\/.*\.js$/.test(file))).toEqual(['LICENSE', 'README.md', 'package.json'])
  const help = await execa('npx', ['--offline', 'runline', 'run', 'claim', '--help'], { cwd })
  expect(help.stdout).toContain('Usage: runline run claim [options] <run>')
}, 180_000)
