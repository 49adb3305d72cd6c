import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'

/** Nothing answers there: packing asks no registry and no Docker. */
const alone = { npm_config_registry: 'http://127.0.0.1:1', DOCKER_HOST: 'tcp://127.0.0.1:1', NO_COLOR: '1' }

const pack = (...options: string[]) =>
  execa({ reject: false, env: alone })('npm', ['run', '-s', 'pack', '--', ...options])

const filesOf = async (archive: string) => (await execa('tar', ['-tzf', archive])).stdout.split('\n')

it('`npm run pack` packs what a release publishes, without a network', { timeout: 180_000 }, async () => {
  await using parts = new AsyncDisposableStack()
  const { path, remove } = await temporaryDirectory()
  parts.defer(remove)
  const { version } = JSON.parse(await readFile('packages/client/package.json', 'utf8'))
  const { stdout, stderr, exitCode } = await pack('--to', path, '--version', version, '--without-image')
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
  const files = [
    `runline-client-${version}.tgz`,
    `runline-cli-${version}.tgz`,
    `runline-${version}.tar.gz`,
    'server.json',
  ]
  expect(stdout.split('\n')).toEqual([
    ...files.map((file) => expect.stringMatching(`${join(path, file)}  [0-9.]+ kB`)),
    'The image is not built: --without-image',
  ])
  const [client, cli, python] = await Promise.all(files.slice(0, 3).map((file) => filesOf(join(path, file))))
  expect(client).toEqual(expect.arrayContaining(['package/dist/packages/client/src/index.js', 'package/README.md']))
  expect(cli).toEqual(expect.arrayContaining(['package/dist/packages/cli/src/main.js', 'package/LICENSE']))
  const modules = ['client.py', 'py.typed'].map((file) => `runline-${version}/runline/${file}`)
  expect(python).toEqual(expect.arrayContaining([...modules, `runline-${version}/pyproject.toml`]))
  const { stdout: manifest } = await execa('tar', ['-xzOf', join(path, files[1] ?? ''), 'package/package.json'])
  expect(JSON.parse(manifest).mcpName).toBe(JSON.parse(await readFile(join(path, 'server.json'), 'utf8')).name)
})

it('`npm run pack` names a version that differs', async () => {
  const { exitCode, stderr } = await pack('--version', '9.9.9', '--without-image')
  expect({ exitCode, stderr }).toEqual({
    exitCode: 1,
    stderr: expect.stringContaining('A release has one version, here 9.9.9, but packages/client/package.json has '),
  })
})

it('`npm run pack` names Docker where it is missing', async () => {
  expect((await pack()).stderr).toBe(
    'Docker, which builds the image, does not answer. Start it, or give --without-image.',
  )
})

it('the release packs by that command, and publishes for a tag only', async () => {
  const { jobs, on } = parse(await readFile('.github/workflows/release.yml', 'utf8'))
  expect(on).toEqual({ push: { tags: ['v*'] }, workflow_dispatch: null })
  const steps = jobs.release.steps as { name?: string; run?: string; if?: string }[]
  const publishing = steps.filter(({ run = '' }) => /publish|push/.test(run))
  expect(publishing.map((step) => step.if)).toEqual(Array(3).fill("github.ref_type == 'tag'"))
  expect(steps.map(({ run }) => run)).toContainEqual(expect.stringMatching(/^npm run pack -- /))
})
