import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Api, startApi } from '../../../tools/devnet/api.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { participantsOf } from '../../support/participants.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

let market: TestMarket

beforeAll(async () => {
  market = await startTestMarket()
  await participantsOf(market).openRun()
  await market.indexed()
  return market.stop
})

/** A checkout of another version: what the indexer and the API run, with one line of the schema changed. */
async function checkoutWith(line: string, changed: string) {
  const { path, remove } = await temporaryDirectory()
  onTestFinished(remove)
  const files = ['package.json', 'tsconfig.json', 'ponder.config.ts', 'ponder.schema.ts']
  const parts = [...files, 'abis', 'core', 'patches', 'src', 'ops']
  await execa('cp', ['-R', ...parts.map((part) => join(root, part)), path])
  await symlink(join(root, 'node_modules'), join(path, 'node_modules'))
  const schema = join(path, 'ponder.schema.ts')
  const text = await readFile(schema, 'utf8')
  expect(text).toContain(line)
  await writeFile(schema, text.replace(line, changed))
  return path
}

function settings() {
  const { databaseUrl, chainId, rpcUrl, deploymentsDirectory } = market
  return { databaseUrl, chainId, rpcUrl, deploymentsDirectory }
}

/** Replaces the build that readers see by one of the checkout. */
async function redeploy(directory: string) {
  const indexer = await startIndexer({ ...settings(), directory, redeploy: true })
  onTestFinished(indexer.stop)
  await indexer.part.saw(/Readers see this build/, 120_000)
}

let asked = 0

/** Each request has its own query, so that no cache answers it. */
async function statusOf(api: Api) {
  const { status } = await fetch(`${api.url}/api/runs/1?minBlock=${asked++}`)
  return status
}

async function readiness(api: Api) {
  const response = await fetch(`${api.url}/readyz`)
  const { reasons } = (await response.json()) as { reasons: { code: string }[] }
  return [response.status, ...reasons.map(({ code }) => code)]
}

test('an API answers from a newer index with another column; where a column is renamed, it answers 503 until it is upgraded', {
  timeout: 300_000,
}, async () => {
  const line = 'workPeriod: t.integer().notNull(),'
  await redeploy(await checkoutWith(line, `${line}\n  note: t.text(),`))
  expect([await statusOf(market.api), await readiness(market.api)]).toEqual([200, [200]])

  const renamed = await checkoutWith(line, `workPeriod: t.integer('period').notNull(),`)
  // The API first: the index still has the column's former name.
  const early = await startApi({ ...settings(), directory: renamed })
  onTestFinished(early.stop)
  expect([await statusOf(early), await readiness(early)]).toEqual([503, [503, 'INDEX_VERSION']])
  await early.part.saw(/newer or older than this API.*column .*period.* does not exist/, 10_000)

  await redeploy(renamed)
  await expect.poll(() => readiness(early), { timeout: 20_000 }).toEqual([200])
  expect(await statusOf(early)).toBe(200)
  await expect.poll(() => statusOf(market.api), { timeout: 20_000 }).toBe(503)
  await market.api.part.saw(/newer or older than this API.*column .*work_period.* does not exist/, 10_000)
  await expect.poll(() => readiness(market.api), { timeout: 20_000 }).toEqual([503, 'INDEX_VERSION'])
})
