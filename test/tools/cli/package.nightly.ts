import { readFile } from 'node:fs/promises'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { installPacked, publishDry } from '../../support/packedPackage.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'

it('the package’s command starts in an empty folder, with its dependencies alone', async () => {
  await using parts = new AsyncDisposableStack()
  const { path: cwd, remove } = await temporaryDirectory()
  parts.defer(remove)
  const files = await installPacked('packages/cli', cwd)
  const others = ['LICENSE', 'README.md', 'dist/packages/cli/package.json', 'package.json']
  expect(files.filter((file) => !/^dist\/.*\.js$/.test(file))).toEqual(others)
  expect(await publishDry('packages/cli')).toEqual({ id: expect.stringMatching(/^@runline\/cli@\d/), files })
  const help = await execa('npx', ['--offline', 'runline', 'run', 'claim', '--help'], { cwd })
  expect(help.stdout).toContain('Usage: runline run claim [options] <run>')
  const { version } = JSON.parse(await readFile('packages/cli/package.json', 'utf8'))
  expect((await execa('npx', ['--offline', 'runline', '--version'], { cwd })).stdout).toBe(version)
  // With the permissions of its process, which its folders decide.
  const module = './node_modules/@runline/cli/dist/packages/cli/src/evaluator/checkProcess.js'
  const program = `const { runInProcess } = await import('${module}')
    console.log(await runInProcess({ schema: { minItems: 2 } }, { uri: '', text: '[1]' }))`
  const checked = await execa('node', ['--input-type=module', '--eval', program], {
    cwd,
    preferLocal: true,
    localDir: '.',
  })
  expect(checked.stdout).toBe("[ 'JSON Schema: #: Array has too few items (1 < 2).' ]")
}, 180_000)
