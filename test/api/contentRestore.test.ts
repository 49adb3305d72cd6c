// docs/runbook.md, "To restore a backup": schema content is set back to an earlier time, or lost.
import pg from 'pg'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { run } from '../../ponder.schema.ts'
import { blockContent } from '../../src/api/content/block.ts'
import { readBrief } from '../../src/api/content/brief.ts'
import { cidOf, uriOf } from '../../src/api/content/cid.ts'
import { openContentStore } from '../../src/api/content/store.ts'
import { createDatabase } from '../../tools/devnet/postgres.ts'
import { indexedDatabaseAt } from '../support/indexedTables.ts'
import { openRun, seedTime } from '../support/rows.ts'
import { chainId, emptyIndex, type IndexedDatabase, viewsSchema } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

const limits = { clientBytes: 1_000_000, totalBytes: 100_000_000 }
const kept = { title: 'Posted before the backup', tags: ['kept'] }
const lost = { title: 'Posted after the backup' }
const blocked = { title: 'Taken down after the backup' }

let restored: IndexedDatabase
let api: TestApi
let block = 10n
const closings: (() => Promise<unknown>)[] = []

const bytesOf = (brief: object) => new TextEncoder().encode(JSON.stringify(brief))
const cidOfBrief = (brief: object) => cidOf(bytesOf(brief))

function storeOf(url: string) {
  const logger = pino({ level: 'silent' })
  const store = openContentStore({ url, chainId, indexSchema: viewsSchema, limits, logger })
  closings.push(() => store.close())
  return store
}

async function postTo(store: ReturnType<typeof storeOf>, brief: object) {
  const bytes = bytesOf(brief)
  const posted = { cid: await cidOf(bytes), mediaType: 'application/json', bytes, client: 'a' } as const
  expect((await store.post({ ...posted, brief: readBrief(brief).data })).status).toBe('stored')
}

/** Uses a store of the restored database, and closes it: its timers would meet the statements of the next test. */
async function withStore<T>(use: (store: ReturnType<typeof storeOf>) => Promise<T>): Promise<T> {
  const store = storeOf(restored.url)
  closings.pop()
  return use(store).finally(() => store.close())
}

async function blockIn(url: string, brief: object) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await blockContent(client, await cidOfBrief(brief))
  await client.end()
}

/** The ids and titles that a list has at the next block. */
async function listed(query = '') {
  await restored.moveTo({ number: ++block, timestamp: seedTime })
  const { body } = await api.get(`/api/runs?order=asc&minBlock=${block}&${query}`)
  return body.runs.map(({ bountyId, title }: { bountyId: number; title: string | null }) => [bountyId, title])
}

beforeAll(async () => {
  const index = await emptyIndex()
  const uris = await Promise.all([kept, lost, blocked].map(async (brief) => uriOf(await cidOfBrief(brief))))
  await index.db.insert(run).values(uris.map((ipfsHash, place) => openRun(BigInt(place + 1), { ipfsHash })))
  await index.moveTo({ number: block, timestamp: seedTime })
  const before = storeOf(index.url)
  await postTo(before, kept)
  await postTo(before, blocked)
  await before.close()
  closings.pop()
  await index.close()
  const name = new URL(index.url).pathname.slice(1)
  const backup = await createDatabase(inject('postgresUrl'), `${name}_backup`, name)
  const after = storeOf(index.url)
  await postTo(after, lost)
  await blockIn(index.url, blocked)
  restored = indexedDatabaseAt(backup)
  closings.push(() => restored.close())
  api = await testApi(backup, () => Number(seedTime) * 1_000)
  closings.push(api.close)
})

afterAll(() => Promise.all(closings.map((close) => close())))

it('has what was posted before the backup, shows it and finds it', async () => {
  expect(await listed()).toEqual([
    [1, kept.title],
    [2, null],
    [3, blocked.title],
  ])
  expect(await listed('q=before')).toEqual([[1, kept.title]])
  expect(await listed('tag=kept')).toEqual([[1, kept.title]])
  expect(await listed('q=after')).toEqual([[3, blocked.title]])
})

it('has what was posted since once its author has posted it again', async () => {
  await withStore((store) => postTo(store, lost))
  expect(await listed('q=posted')).toEqual([
    [1, kept.title],
    [2, lost.title],
  ])
})

it('has what was taken down since until it is blocked again', async () => {
  await blockIn(restored.url, blocked)
  expect(await listed('q=taken')).toEqual([])
  const cid = await cidOfBrief(blocked)
  expect(await withStore((store) => store.read(cid))).toBe('blocked')
})

it('if it is lost, the API creates it, and runs lose their texts only', async () => {
  await restored.pool.query('DROP SCHEMA content CASCADE')
  const store = storeOf(restored.url)
  expect(await store.read(await cidOfBrief(kept))).toBeUndefined()
  expect(await listed()).toEqual([
    [1, null],
    [2, null],
    [3, null],
  ])
  expect(await listed('q=posted')).toEqual([])
  await postTo(store, kept)
  expect(await listed('q=posted')).toEqual([[1, kept.title]])
})
