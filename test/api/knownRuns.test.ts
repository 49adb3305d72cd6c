import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { runEvent } from '../../ponder.schema.ts'
import { KnownRuns } from '../../src/api/queries/knownRuns.ts'
import type { PageReader } from '../../src/api/queries/pageReader.ts'
import type { RunState } from '../../src/api/queries/runList.ts'
import { checkpointOf } from '../support/indexedTables.ts'
import { manyRuns } from '../support/manyRuns.ts'
import { eventOf, seedTime } from '../support/rows.ts'
import { blockHash, type IndexedDatabase, indexedDatabase } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

/** More than are read at once. */
const runs = 20_500
const changed = 3

let index: IndexedDatabase
let api: TestApi
let number = 10n

beforeAll(async () => {
  index = await indexedDatabase()
  await index.create(manyRuns(runs))
  await index.moveTo({ number, timestamp: seedTime + number })
  api = await testApi(index.url, () => 0)
}, 120_000)

beforeEach(() => index.pool.query(`UPDATE run SET state = 'OPEN' WHERE bounty_id = ${changed}`))

afterAll(async () => {
  await api.close()
  await index.close()
})

/** Indexes a block in which the run was claimed. */
async function claim(branch = 0n) {
  number++
  const timestamp = seedTime + number
  const hash = blockHash(number + branch * 1_000_000n)
  await index.moveTo({ number, timestamp, hash }, async (tx) => {
    await tx.execute(sql`UPDATE run SET state = 'CLAIMED' WHERE bounty_id = ${changed}`)
    const id = checkpointOf({ number, timestamp }, 1n)
    const fields = { id, name: 'BountyClaimed', timestamp, blockNumber: number, blockHash: hash } as const
    await tx.insert(runEvent).values(eventOf(BigInt(changed), 1, fields))
  })
}

/** Replaces the last block by one without its event. */
async function revert() {
  const hash = blockHash(number + 2_000_000n)
  await index.moveTo({ number, timestamp: seedTime + number, hash }, async (tx) => {
    await tx.execute(sql`DELETE FROM run_event WHERE block_number = ${number}`)
    await tx.execute(sql`UPDATE run SET state = 'OPEN' WHERE bounty_id = ${changed}`)
  })
}

/** Known runs, of which each part is read, and then something happens. */
function knownRuns(after: (part: number) => Promise<unknown>) {
  let parts = 0
  const readPage: PageReader = async ({ query }) => {
    const result = await api.index.read(query)
    await after(++parts)
    return result
  }
  return new KnownRuns({ index: api.index, readPage, logger: pino({ level: 'silent' }) })
}

const isKnown = (known: KnownRuns) => expect.poll(() => known.current).toBeDefined()

/** Whether the columns have the run in the state. */
function isIn(known: KnownRuns, state: RunState): boolean {
  const list = { sort: 'createdAt', order: 'asc', state } as const
  return known.current?.columns.page(Uint32Array.of(changed), list, { offset: 0 }, 1, 0n).total === 1
}

it('have what changed while the others were read', async () => {
  const known = knownRuns(async (part) => part === 1 && (await claim()))
  known.start()
  await isKnown(known)
  expect(isIn(known, 'CLAIMED')).toBe(true)
  expect(known.current?.block.hash).toBe(blockHash(number))
})

it('are read again where a reorg removes the block at which some of them were read', async () => {
  const known = knownRuns(async (part) => part === 1 && (await revert()))
  await claim()
  known.start()
  let seconds = 0
  const start = performance.now()
  // Each look at the clock is some seconds later, so that it does not wait.
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => start + 6_000 * seconds++)
  await vi.waitFor(
    () => {
      known.start()
      expect(known.current).toBeDefined()
    },
    { timeout: 10_000 },
  )
  clock.mockRestore()
  expect(isIn(known, 'OPEN')).toBe(true)
})

it('are forgotten where a reorg removes their block', async () => {
  await claim()
  const known = knownRuns(async () => {})
  known.start()
  await isKnown(known)
  expect(isIn(known, 'CLAIMED')).toBe(true)
  await revert()
  await known.follow()
  expect(known.current).toBeUndefined()
})

it('follow a block once for all that ask', async () => {
  const known = knownRuns(async () => {})
  known.start()
  await isKnown(known)
  await claim()
  const query = vi.spyOn(api.readPool, 'query')
  await Promise.all(Array.from({ length: 5 }, () => known.follow()))
  const { length } = query.mock.calls
  query.mockRestore()
  expect(length).toBe(1)
  expect(isIn(known, 'CLAIMED')).toBe(true)
})
