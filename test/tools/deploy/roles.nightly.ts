import { readFile } from 'node:fs/promises'
import pg from 'pg'
import { beforeAll, expect, it } from 'vitest'
import { connect } from '../../../ops/database/connect.ts'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { type Api, startApi } from '../../../tools/devnet/api.ts'
import { type Indexer, startIndexer } from '../../../tools/devnet/indexer.ts'
import { startPostgres } from '../../../tools/devnet/postgres.ts'
import { claimApi } from '../../e2e/claims/claimApi.ts'
import { until } from '../../e2e/claims/claimsOnChain.ts'
import { startAudit } from '../../support/audit.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { participantsOf } from '../../support/participants.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'

/** By the variables of deploy/postgres/roles.sql. */
const passwords = { indexer_password: 'of-indexer', relay_password: 'of-relay', reader_password: `of-reader'` }

/** The URLs of a database by role. */
type RoleUrls = Record<'indexer' | 'relay' | 'reader', string>

/**
 * Runs deploy/postgres/roles.sql in a database, as psql does. Roles belong to a whole server.
 * @param ownerUrl the database, as a superuser.
 */
async function createRoles(ownerUrl: string): Promise<RoleUrls> {
  let sql = await readFile('deploy/postgres/roles.sql', 'utf8')
  const variables = sql.match(/(?<=^\\getenv )\w+/gm)?.join()
  if (variables !== Object.keys(passwords).join()) throw new Error(`roles.sql reads other variables: ${variables}`)
  for (const [name, value] of Object.entries(passwords)) sql = sql.replace(`:'${name}'`, pg.escapeLiteral(value))
  await using client = await connect(ownerUrl)
  await client.query(sql.replaceAll(/^\\.*$/gm, ''))
  const urlOf = (role: keyof RoleUrls) => {
    const url = new URL(ownerUrl)
    url.username = `runline_${role}`
    url.password = encodeURIComponent(passwords[`${role}_password`])
    return url.href
  }
  return { indexer: urlOf('indexer'), relay: urlOf('relay'), reader: urlOf('reader') }
}

let chain: TestChain
let ownerUrl: string
let urls: RoleUrls
const parts = new AsyncDisposableStack()

/** A server of its own, because roles belong to a whole server. */
beforeAll(async () => {
  chain = await startTestChain()
  parts.defer(chain.stop)
  const postgres = await startPostgres()
  parts.defer(postgres.stop)
  ownerUrl = await postgres.createDatabase('runline')
  return () => parts.disposeAsync()
})

async function asSuperuser<Result>(use: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: ownerUrl })
  await client.connect()
  return use(client).finally(() => client.end())
}

async function start(by: RoleUrls): Promise<{ indexer: Indexer; api: Api }> {
  const indexer = await startIndexer({ ...chain, databaseUrl: by.indexer })
  await waitForIndex(ownerUrl, await chain.client.getBlockNumber()).catch((error) => {
    throw indexer.part.failure(error.message)
  })
  const api = await startApi({
    ...chain,
    databaseUrl: by.relay,
    relayerKey: keyOf(roles.relayer),
    env: { DATABASE_READ_URL: by.reader },
  })
  return { indexer, api }
}

/** Claims a new run, and reads it. Posts content, and reads it. */
async function claim({ api }: { api: Api }) {
  const posted = await fetch(`${api.url}/api/content`, {
    method: 'POST',
    headers: { 'Content-Type': 'text/plain' },
    body: `posted to ${api.url}`,
  })
  expect(posted.status).toBe(201)
  const { cid } = (await posted.json()) as { cid: string }
  expect(await (await fetch(`${api.url}/ipfs/${cid}`)).text()).toBe(`posted to ${api.url}`)
  const people = participantsOf(chain)
  const agent = await people.newAgent(accountOf(2))
  const run = await people.openRun()
  await until('claimed', async () => (await claimApi(api.url).claim(run, agent)).status === 200)
  const list = await (await fetch(`${api.url}/api/runs?claimedBy=${agent.id}`)).json()
  expect(list).toMatchObject({ runs: [{ bountyId: Number(run), state: 'CLAIMED' }] })
}

it('runs everything with roles that are no superusers, also on what superusers made', {
  timeout: 180_000,
}, async () => {
  const before = await start({ indexer: ownerUrl, relay: ownerUrl, reader: ownerUrl })
  await claim(before)
  await before.api.stop()
  await before.indexer.stop()

  urls = await createRoles(ownerUrl)
  const after = await start(urls)
  parts.defer(after.indexer.stop)
  parts.defer(after.api.stop)
  await claim(after)
  const audit = await startAudit({ ...chain, databaseUrl: urls.indexer })
  parts.defer(audit.stop)
  await audit.compared(chain)
  expect(await audit.value('audit_differences')).toBe(0)
  const users = await asSuperuser(async (client) => {
    const text = `SELECT DISTINCT usename, usesuper FROM pg_stat_activity JOIN pg_user USING (usename)
       WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`
    return (await client.query(text)).rows
  })
  expect(users.map(({ usename }) => usename).sort()).toEqual(['runline_indexer', 'runline_reader', 'runline_relay'])
  expect(users.filter(({ usesuper }) => usesuper)).toEqual([])
})

it.each([
  ['reader', 'SELECT FROM relay.tx', /permission denied for schema relay/],
  ['reader', 'SELECT FROM content.item', /permission denied for table item/],
  ['reader', 'CREATE SCHEMA mine', /permission denied for database/],
  ['reader', 'DELETE FROM runline.run', /permission denied for view run/],
  ['relay', 'DELETE FROM runline.run', /permission denied for view run/],
  ['indexer', 'SELECT FROM content.item', /permission denied for table item/],
  ['indexer', 'SELECT FROM relay.tx', /permission denied for schema relay/],
  ['indexer', `COPY runline.run TO PROGRAM 'cat'`, /permission denied to COPY to or from an external program/],
] as const)('%s cannot %s', async (role, statement, error) => {
  const client = new pg.Client({ connectionString: urls[role] })
  await client.connect()
  await expect(client.query(statement)).rejects.toThrow(error)
  await client.end()
})

it('has the tables of the index vacuumed early, and space for new versions of the counts', async () => {
  const options = await asSuperuser(async (client) => {
    const { rows } = await client.query<{ name: string; options: string[] | null }>(
      `SELECT relname AS name, reloptions AS options FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
       WHERE nspname LIKE 'runline\\_%' AND relkind = 'r'`,
    )
    return Object.fromEntries(rows.map(({ name, options }) => [name, options ?? []]))
  })
  const early = expect.arrayContaining(['autovacuum_vacuum_scale_factor=0.01', 'autovacuum_analyze_scale_factor=0.02'])
  for (const table of ['run', 'agent', 'poster', 'market_day', 'head']) {
    expect(options[table], table).toEqual(early)
  }
  for (const table of ['poster', 'market_day']) expect(options[table]).toContain('fillfactor=50')
  expect(options.run_event).toContain('autovacuum_vacuum_insert_scale_factor=0.02')
})
