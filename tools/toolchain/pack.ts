// `npm run pack`: packs what a release publishes, and publishes nothing.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { runCommand } from '../../ops/runCommand.ts'

const usage = `npm run pack [-- --to FOLDER] [--version VERSION] [--without-image]

Packs the packages for npm and for Python into the folder, beside the entry for the MCP registry, and builds the image runline:VERSION.

  --to FOLDER        out/release by default
  --version VERSION  fails unless all have this version
  --without-image    needs no Docker`

const workspaces = ['packages/client', 'packages/cli']

const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'))

/** The versions that a release has, by the files that name them. */
function readVersions(): Record<string, string> {
  const server = readJson('packages/cli/server.json')
  const [, python = ''] = /^version = "(.+)"$/m.exec(readFileSync('packages/python/pyproject.toml', 'utf8')) ?? []
  return {
    ...Object.fromEntries(workspaces.map((path) => [`${path}/package.json`, readJson(`${path}/package.json`).version])),
    'packages/cli/server.json': server.version,
    'its package': server.packages[0].version,
    'packages/python/pyproject.toml': python,
  }
}

/** @throws if they differ, or are not the expected one. */
function versionOf(versions: Record<string, string>, expected = Object.values(versions)[0]): string {
  const others = Object.entries(versions).filter(([, version]) => version !== expected)
  if (expected && others.length === 0) return expected
  const found = others.map(([file, version]) => `${file} has ${version}`).join(', ')
  throw new Error(`A release has one version, here ${expected}, but ${found}. Correct them.`)
}

/** Packs a workspace. @returns the file's name. */
async function packWorkspace(path: string, folder: string): Promise<string> {
  const { stdout } = await execa('npm', ['pack', '--json', '--pack-destination', folder], { cwd: path })
  return JSON.parse(stdout.slice(stdout.indexOf('[')))[0].filename
}

/** Packs the Python package with the setuptools of this machine, so that it asks no index. @returns the file's name. */
async function packPython(folder: string): Promise<string> {
  // In a copy, because setuptools writes beside the sources.
  const cwd = mkdtempSync(join(tmpdir(), 'runline-'))
  cpSync('packages/python', cwd, { recursive: true })
  const build = `from setuptools.build_meta import build_sdist; print(build_sdist(${JSON.stringify(folder)}))`
  const { stdout } = await execa('python3', ['-c', build], { cwd }).finally(() => rmSync(cwd, { recursive: true }))
  return stdout.trim().split('\n').at(-1) ?? ''
}

async function requireDocker() {
  const { failed } = await execa({ reject: false })('docker', ['info'])
  if (failed) throw new Error('Docker, which builds the image, does not answer. Start it, or give --without-image.')
}

await runCommand(async () => {
  const { values } = parseArgs({
    options: {
      to: { type: 'string', default: 'out/release' },
      version: { type: 'string' },
      'without-image': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(usage)
  const version = versionOf(readVersions(), values.version)
  if (!values['without-image']) await requireDocker()
  const folder = resolve(values.to)
  mkdirSync(folder, { recursive: true })
  const files = [
    await packWorkspace('packages/client', folder),
    await packWorkspace('packages/cli', folder),
    await packPython(folder),
  ]
  cpSync('packages/cli/server.json', join(folder, 'server.json'))
  for (const file of [...files, 'server.json']) {
    console.log(`${join(values.to, file)}  ${(statSync(join(folder, file)).size / 1e3).toFixed(1)} kB`)
  }
  if (values['without-image']) return console.log('The image is not built: --without-image')
  await execa({ stdio: 'inherit' })('docker', ['build', '--tag', `runline:${version}`, '.'])
  console.log(`runline:${version}  image`)
})
