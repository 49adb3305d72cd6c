import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { run, runEvent, type runEventNames, type runStates } from '../../ponder.schema.ts'
import { checkpointOf } from '../support/indexedTables.ts'
import { storeBriefs } from '../support/manyBriefs.ts'
import { readEvents } from '../support/readEvents.ts'
import { eventOf, openRun, seedTime } from '../support/rows.ts'
import { blockHash, emptyIndex, type IndexedDatabase } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

type Writer = Parameters<NonNullable<Parameters<IndexedDatabase['moveTo']>[1]>>[0]

let index: IndexedDatabase
let api: TestApi
let block = 10n
let lastId = 0n
let lastLog = 0n
const stops: (() => Promise<void>)[] = []

const blockAt = (number: bigint) => ({ number, timestamp: seedTime + number, hash: blockHash(number), finalized: 5n })

const mine = (write?: (tx: Writer) => PromiseLike<unknown>) => index.moveTo(blockAt(++block), write)

async function change(
  tx: Writer,
  bountyId: bigint,
  name: (typeof runEventNames)[number],
  state: (typeof runStates)[number],
) {
  const { timestamp, hash } = blockAt(block)
  const id = checkpointOf({ number: block, timestamp }, lastLog++)
  await tx.insert(runEvent).values(eventOf(bountyId, 1, { id, name, timestamp, blockNumber: block, blockHash: hash }))
  await tx.update(run).set({ state }).where(eq(run.bountyId, bountyId))
}

/** Posts a run that names the brief, in the block that is mined. */
async function post(tx: Writer, ipfsHash: string): Promise<bigint> {
  const id = ++lastId
  await tx.insert(run).values(openRun(id, { ipfsHash }))
  await change(tx, id, 'BountyCreated', 'DRAFT')
  await change(tx, id, 'BountyFunded', 'OPEN')
  return id
}

const storeBrief = (uri: string, title: string, tags: string[] = []) =>
  index.db.execute(
    storeBriefs(
      sql`SELECT ${uri} AS uri, ${title} AS title, NULL AS summary, ${sql.param(`{${tags.join()}}`)}::text[] AS tags`,
    ),
  )

async function open(query: string, lastEventId?: string) {
  const response = await api.app.request(`/api/stream?${query}${lastEventId ? `&lastEventId=${lastEventId}` : ''}`)
  expect(response.status).toBe(200)
  if (!response.body) throw new Error('The stream has no body')
  const reader = readEvents(response.body)
  stops.push(reader.stop)
  return reader
}

const idsOf = (events: Awaited<ReturnType<ReturnType<typeof readEvents>['next']>>) =>
  events.map(({ data }) => [data.bountyId, data.state, ...(data.left ? ['left'] : [])])

async function listed(query: string): Promise<number[]> {
  const { body } = await api.get(`/api/runs?${query}&order=asc&limit=100&minBlock=${block}`)
  return body.runs.map(({ bountyId }: { bountyId: number }) => bountyId)
}

beforeAll(async () => {
  index = await emptyIndex()
  await mine()
  api = await testApi(index.url)
})

afterAll(async () => {
  await Promise.all(stops.map((stop) => stop()))
  await api.close()
  await index.close()
})

it('sends the runs whose briefs have the words and the tag, and a copy has the runs of the list', async () => {
  await storeBrief('ipfs://logo', 'Draw a logo', ['design'])
  await storeBrief('ipfs://page', 'Write a page about a logo', ['text'])
  const queries = ['q=logo', 'tag=design', 'q=logo&tag=text', 'q=logo+-page', 'q=logo&state=DRAFT', 'q=!!!']
  const readers = await Promise.all(queries.map((query) => open(query)))
  for (const reader of readers) await reader.next()

  /** Reads the next events of each stream, and expects these states of runs. */
  async function expectEvents(expected: (readonly [number, string])[][]) {
    for (const [place, query] of queries.entries()) {
      const events = idsOf((await readers[place]?.next(expected[place]?.length)) ?? [])
      expect([query, events]).toEqual([query, expected[place]])
      expect([query, await listed(query)]).toEqual([query, events.map(([id]) => id)])
    }
  }

  let ids: bigint[] = []
  await mine(async (tx) => {
    ids = [await post(tx, 'ipfs://logo'), await post(tx, 'ipfs://page'), await post(tx, 'ipfs://absent')]
  })
  const [logo = 0, page = 0] = ids.map(Number)
  const opened = [[logo, 'OPEN'] as const, [page, 'OPEN'] as const]
  await expectEvents([opened, [[logo, 'OPEN']], [[page, 'OPEN']], [[logo, 'OPEN']], [], []])
  await mine(async (tx) => {
    for (const id of ids) await change(tx, id, 'BountyWithdrawn', 'DRAFT')
  })
  const draft = [[logo, 'DRAFT'] as const, [page, 'DRAFT'] as const]
  await expectEvents([draft, [[logo, 'DRAFT']], [[page, 'DRAFT']], [[logo, 'DRAFT']], draft, []])
})

it('reads no briefs for a block that changes no run', async () => {
  const reader = await open('q=logo')
  await reader.next()
  const reads = api.countReads()
  await mine()
  await vi.waitUntil(() => reads.transactions() === 1, { timeout: 5_000 })
  await mine((tx) => post(tx, 'ipfs://logo'))
  await reader.next()
  // The changes of both blocks, and the briefs of the second.
  expect(reads.transactions()).toBe(3)
  reads.stop()
})

it('resumes with the changes that match', async () => {
  const reader = await open('q=logo')
  const [ready] = await reader.next()
  let ids: number[] = []
  await mine(async (tx) => {
    ids = [Number(await post(tx, 'ipfs://logo')), Number(await post(tx, 'ipfs://absent'))]
  })
  await mine(async (tx) => {
    ids.push(Number(await post(tx, 'ipfs://page')))
  })
  const resumed = await open('q=logo', ready?.id)
  expect(idsOf(await resumed.next(2)).map(([id]) => id)).toEqual([ids[0], ids[2]])
})

it('sends a run whose brief is stored later with its next change, while the list has it at once', async () => {
  const reader = await open('q=late')
  await reader.next()
  const unfiltered = await open('types=run')
  let id = 0
  await mine(async (tx) => {
    id = Number(await post(tx, 'ipfs://late'))
  })
  await vi.waitUntil(() => unfiltered.events.some(({ data }) => data.bountyId === id), { timeout: 5_000 })
  await storeBrief('ipfs://late', 'A late brief')
  await mine()
  expect(await listed('q=late')).toEqual([id])
  await mine((tx) => change(tx, BigInt(id), 'BountyWithdrawn', 'DRAFT'))
  expect(idsOf(await reader.next())).toEqual([[id, 'DRAFT']])
})

it('tells searches apart that look alike', async () => {
  const readers = await Promise.all([open('q=logo%2Ctag%2Cdesign'), open('q=logo&tag=design'), open('q=logo,design')])
  for (const reader of readers) await reader.next()
  let id = 0
  await mine(async (tx) => {
    id = Number(await post(tx, 'ipfs://logo'))
    await post(tx, 'ipfs://page')
  })
  expect(idsOf((await readers[1]?.next()) ?? [])).toEqual([[id, 'OPEN']])
  expect(idsOf((await readers[2]?.next()) ?? [])).toEqual([[id, 'OPEN']])
  expect(readers[0]?.events).toHaveLength(1)
})
