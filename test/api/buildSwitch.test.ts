import { sql } from 'drizzle-orm'
import pg from 'pg'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { switchViews } from '../../ops/builds/views.ts'
import { head, marketDay, run } from '../../ponder.schema.ts'
import { unlessProblem } from '../../src/api/http/errors.ts'
import { openReadPool } from '../../src/api/index/pool.ts'
import { IndexReader } from '../../src/api/index/reader.ts'
import { openRun, seedTime } from '../support/rows.ts'
import { chainId, emptyIndex, type IndexedDatabase, tablesSchema, viewsSchema } from './indexedDatabase.ts'

const SWITCHES = 30

const builds = ['runline_aaaaaaaaaa', 'runline_bbbbbbbbbb'] as const
/** What each build has as the reward of its run, and the amount in escrow: a build with a defect differs from the next. */
const amounts = { [builds[0]]: 1_000_000n, [builds[1]]: 2_000_000n }

let index: IndexedDatabase
let readPool: pg.Pool
let reader: IndexReader

beforeAll(async () => {
  index = await emptyIndex()
  await index.db.insert(run).values(openRun(1n))
  await index.moveTo({ number: 10n, timestamp: seedTime })
  const { rows } = await index.pool.query<{ name: string }>(
    'SELECT tablename AS name FROM pg_tables WHERE schemaname = $1',
    [tablesSchema],
  )
  await index.pool.query(`DROP SCHEMA ${viewsSchema} CASCADE`)
  for (const [build, amount] of Object.entries(amounts)) {
    await index.pool.query(`CREATE SCHEMA ${build}`)
    for (const { name } of rows)
      await index.pool.query(`CREATE TABLE ${build}.${name} AS TABLE ${tablesSchema}.${name}`)
    await index.pool.query(
      `UPDATE ${build}.run SET reward = ${amount}; UPDATE ${build}.market_day SET escrowed = ${amount}`,
    )
  }
  readPool = openReadPool({ url: index.url, schema: viewsSchema, connections: 8, logger: pino({ level: 'silent' }) })
  reader = new IndexReader(readPool, chainId)
})

afterAll(async () => {
  await readPool.end()
  await index.close()
})

it('no answer has rows of two builds, however often readers are switched', async () => {
  const client = new pg.Client(index.url)
  await client.connect()
  let served: string | undefined
  const change = async (build: string) => {
    for (;;) {
      if (await switchViews(client, { build, served, viewsSchema })) break
    }
    served = build
  }
  await change(builds[0])

  let isEnded = false
  const answers: string[] = []
  async function readOn() {
    while (!isEnded) {
      const reading = reader.read(undefined, async (tx) => {
        const [first] = await tx.select({ reward: run.reward }).from(run)
        await tx.execute(sql`SELECT pg_sleep(0.002)`)
        const [day] = await tx.select({ escrowed: marketDay.escrowed }).from(marketDay)
        await tx.select().from(head)
        return `${first?.reward} ${day?.escrowed}`
      })
      // On a busy machine a read may time out twice while it waits for the switch's locks: it is refused then.
      const result = await reading.catch(unlessProblem)
      if (result) answers.push(result.data)
    }
  }
  const readers = Array.from({ length: 4 }, readOn)
  for (let count = 1; count <= SWITCHES; count++) await change(builds[count % 2] ?? builds[0])
  isEnded = true
  await Promise.all(readers)
  await client.end()
  const expected = Object.values(amounts).map((amount) => `${amount} ${amount}`)
  expect(new Set(answers)).toEqual(new Set(expected))
  expect(answers.length).toBeGreaterThan(SWITCHES)
}, 120_000)
