import { cp, mkdir, readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { beforeAll, expect, it } from 'vitest'
import { writeDeployment } from '../../ops/writeDeployment.ts'
import { placeholderDeployment } from '../support/placeholderDeployment.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Their packages are in `optionalDependencies`. */
const optionalScopes = ['@aws-sdk', '@opentelemetry']

const CHAIN_ID = 84_532

let installed: Awaited<ReturnType<typeof temporaryDirectory>>

/** The API with links to all packages but the optional ones, as after `npm ci --omit=optional`. */
beforeAll(async () => {
  installed = await temporaryDirectory()
  for (const path of ['abis', 'core', 'src', 'package.json', 'ponder.schema.ts']) {
    await cp(join(root, path), join(installed.path, path), { recursive: true })
  }
  await mkdir(join(installed.path, 'node_modules'))
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (optionalScopes.includes(name)) continue
    await symlink(join(root, 'node_modules', name), join(installed.path, 'node_modules', name))
  }
  writeDeployment(placeholderDeployment(CHAIN_ID), installed.path)
  return installed.remove
})

const start = (env: Record<string, string>) =>
  execa(process.execPath, ['src/api/start.ts'], {
    cwd: installed.path,
    env: {
      DATABASE_URL: 'postgres://127.0.0.1:1/none',
      RPC_URL: 'http://127.0.0.1:1',
      CHAIN_ID: String(CHAIN_ID),
      DEPLOYMENTS_DIR: installed.path,
      ...env,
    },
    reject: false,
    timeout: 60_000,
  })

it.each([
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:4318', '@opentelemetry/api'],
  ['RELAYER_KMS_KEYS', 'alias/relayer', '@aws-sdk/client-kms'],
])('a start with %s and without its package ends, and names the package', async (setting, value, name) => {
  const { exitCode, stdout } = await start({ [setting]: value })
  expect(stdout).toContain(`${setting} needs the package ${name}, which is not installed. Run npm install ${name}, or`)
  expect(exitCode).toBe(1)
})

it('a start without these settings needs none of them', async () => {
  const api = start({ PORT: '0', OPS_PORT: '0' })
  api.stdout.once('data', () => api.kill())
  const { exitCode, stdout } = await api
  expect(stdout).toContain('"msg":"API listens"')
  expect(exitCode).toBe(0)
})
