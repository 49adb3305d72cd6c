import { cp, mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import getPort from 'get-port'
import { expect, it } from 'vitest'
import { startProcess } from '../../../tools/devnet/managedProcess.ts'
import { startPostgres } from '../../../tools/devnet/postgres.ts'
import { until } from '../../e2e/claims/claimsOnChain.ts'
import { startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'

/** Without a Docker daemon, this does what the Dockerfile does: it copies the files, and runs `npm ci` by its command. */
async function buildImage(directory: string) {
  const dockerfile = await readFile('Dockerfile', 'utf8')
  for (const [, paths] of dockerfile.matchAll(/^COPY (?!--from)(.+)$/gm)) {
    const all = String(paths).split(' ')
    const target = join(directory, String(all.at(-1)))
    await mkdir(target, { recursive: true })
    for (const path of all.slice(0, -1)) {
      const isFile = /\.[a-z]+$/.test(path)
      await cp(path, isFile ? join(target, String(path.split('/').at(-1))) : target, { recursive: true })
    }
  }
  const [, command] = dockerfile.match(/^RUN (npm ci .+)$/m) ?? []
  await execa('sh', ['-c', `${command}`], { cwd: directory, env: { npm_config_prefer_offline: 'true' } })
}

it('runs indexer and API from the files and dependencies of the image alone', { timeout: 180_000 }, async () => {
  await using parts = new AsyncDisposableStack()
  const { path: directory, remove } = await temporaryDirectory()
  parts.defer(remove)
  await buildImage(directory)
  const market = await startMarketOnAnvil()
  parts.defer(market.stop)
  const postgres = await startPostgres()
  parts.defer(postgres.stop)
  const url = await postgres.createDatabase('image')
  await rm(join(directory, 'deployments'), { recursive: true, force: true })
  await cp(market.deploymentsDirectory, join(directory, 'deployments'), { recursive: true })

  const ports = { PORT: '0', OPS_PORT: '0', PONDER_PORT: String(await getPort()) }
  const run = async (name: string, ...args: string[]) => {
    const env = { DATABASE_URL: url, RPC_URL: market.rpcUrl, ...ports }
    const part = await startProcess({ name, command: process.execPath, args, directory, env })
    parts.defer(part.stop)
    return part
  }
  await run('The indexer', 'ops/startIndexer.ts')
  const api = await run('The API', '--max-semi-space-size=64', 'src/api/start.ts')
  const [, port] = await api.saw(/"port":(\d+),"opsPort":\d+,"msg":"API listens"/, 60_000)
  const stats = async () => (await fetch(`http://127.0.0.1:${port}/api/stats`)).status
  await until('the API of the image answers', async () => (await stats()) === 200, 60_000)
  expect(await stats()).toBe(200)
})
