import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { siblingOf } from '../../ops/builds/builds.ts'
import { keepHighestBlock } from '../../ops/builds/highestBlock.ts'
import { watchSibling } from '../../ops/builds/sibling.ts'
import { takeOver } from '../../ops/builds/takeOver.ts'
import { servedBuild } from '../../ops/builds/views.ts'
import { chainId, checkpointOf } from '../support/indexedTables.ts'
import { indexedDatabase } from './indexedDatabase.ts'

const build = 'runline_0123456789'
const standby = siblingOf(build)
const newBuild = 'runline_9876543210'

let databaseUrl: string
let client: pg.Client
const watching: Promise<void>[] = []

/** The schemas of two indexers of a build, in which the test acts as Ponder. Each has the lock of a running indexer. */
beforeAll(async () => {
  const database = await indexedDatabase()
  databaseUrl = database.url
  client = await connect()
  for (const schema of [build, standby]) {
    await database.create()
    await client.query(`DROP SCHEMA runline CASCADE; ALTER SCHEMA runline_build RENAME TO ${schema}`)
    // Its trigger names the schema.
    await keepHighestBlock(client, schema)
    await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [schema])
    await moveTo(schema, 10)
  }
  await database.close()
  start(build)
  await vi.waitFor(async () => expect(await served()).toBe(build), { timeout: 10_000 })
})

afterAll(async () => {
  // Once another build has taken over, nothing watches the two.
  await client.query(`CREATE SCHEMA ${newBuild}; CREATE TABLE ${newBuild}.head (LIKE ${build}.head);
    CREATE OR REPLACE VIEW runline.head AS SELECT * FROM ${newBuild}.head`)
  await Promise.all(watching)
  await client.end()
})

async function connect() {
  const connection = new pg.Client({ connectionString: databaseUrl })
  await connection.connect()
  return connection
}

function start(schema: string) {
  const logger = pino({ level: 'silent' })
  const options = { databaseUrl, viewsSchema: 'runline', servedAtStart: undefined, onCaughtUp() {}, logger }
  watching.push(takeOver({ ...options, build: schema }))
}

const served = () => servedBuild(client, 'runline')

/** Indexes a block. If the checkpoint is at another one, the indexer replays. */
async function moveTo(schema: string, number: number, checkpointAt = number) {
  const checkpoint = checkpointOf({ number: BigInt(checkpointAt), timestamp: BigInt(checkpointAt) })
  await client.query(`BEGIN; DELETE FROM ${schema}.head; DELETE FROM ${schema}._ponder_checkpoint;
    INSERT INTO ${schema}.head (chain_id, number, hash, timestamp) VALUES (${chainId}, ${number}, '0x', ${number});
    INSERT INTO ${schema}._ponder_checkpoint
      VALUES ('market', ${chainId}, '${checkpoint}', '${checkpoint}', '${checkpoint}'); COMMIT`)
}

test('an indexer that serves looks once a second whether another one took over', async () => {
  // Not a count of the database's commits: autovacuum commits too.
  const lookedAt = async () => {
    const { rows } = await client.query(
      `SELECT query_start::text FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'runline_views'`,
    )
    return rows.map((row) => row.query_start)
  }
  await sleep(2_000)
  const moments = new Set<string>()
  for (const until = performance.now() + 4_000; performance.now() < until; await sleep(10)) {
    for (const moment of await lookedAt()) moments.add(moment)
  }
  // A look is one statement. While readers see another build there are ten times as many.
  expect(moments.size).toBeGreaterThan(1)
  expect(moments.size).toBeLessThan(20)
})

test('a standby takes over while a transaction of a lost host locks the tables that readers see', async () => {
  start(standby)
  // Until it has caught up.
  await sleep(2_000)
  const lost = await connect()
  await lost.query(`BEGIN; LOCK TABLE ${build}.head IN ACCESS EXCLUSIVE MODE`)
  let isOver = false
  const readers = Array.from({ length: 4 }, async () => {
    const reader = await connect()
    await reader.query(`SET lock_timeout = '250ms'`)
    while (!isOver) await reader.query('SELECT number FROM runline.head').catch(() => {})
    await reader.end()
  })
  try {
    await expect.poll(served, { timeout: 8_000 }).toBe(standby)
  } finally {
    isOver = true
    await lost.query('ROLLBACK')
    await lost.end()
    await Promise.all(readers)
  }
})

test('a look that takes longer than a stop does not find a stop', async () => {
  let now = 0
  const look = watchSibling(build, () => {
    now += 300
    return now
  })
  const looking = await connect()
  for (let looks = 0; looks < 3; looks++) expect((await look(looking)).failure).not.toBe('stopped')
  await looking.end()
})

test('the other one takes over once the serving one has rewound for a second, but not sooner', async () => {
  // A replay that ends soon is no reason.
  await moveTo(standby, 5, 10)
  await sleep(500)
  await moveTo(standby, 10)
  await sleep(1_500)
  expect(await served()).toBe(standby)
  // Its blocks after 5 are replayed, and readers get errors.
  await moveTo(standby, 5, 10)
  const begin = performance.now()
  await expect.poll(served, { timeout: 8_000 }).toBe(build)
  expect(performance.now() - begin).toBeGreaterThan(900)
})

test('two indexers that are behind in turn do not alternate', { timeout: 90_000 }, async () => {
  const switches: number[] = []
  let last = await served()
  for (let block = 11; switches.length < 3; block++) {
    await moveTo(last === build ? standby : build, block)
    await sleep(100)
    const now = await served()
    if (now !== last) switches.push(performance.now())
    last = now
  }
  const [first = 0, second = 0, third = 0] = switches
  // A second is how late the other one notices a switch.
  expect(second - first).toBeGreaterThan(8_500)
  expect(third - second).toBeGreaterThan(8_500)
})
