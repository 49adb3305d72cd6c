import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { indexStatements } from '../../../ops/builds/indexes.ts'
import { positionOf } from '../../../ops/builds/views.ts'
import { connect } from '../../../ops/database/connect.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { freshDatabase } from '../../support/database.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { expectCounts } from './chainState.ts'
import { type Index, startIndexOf } from './indexOf.ts'
import { poster, postRun } from './postRun.ts'

/** Of a window of 5 seconds where the time between blocks is unknown. */
const FINALITY_BLOCKS = 60
const REWARD = 10_000_000n

/** Characters that PostgreSQL's COPY escapes, by which Ponder writes many rows. */
const SPECIAL = '\\N\\.\r\n\t\0'

let chain: MarketOnAnvil
let databaseUrl: string
let index: Index

beforeAll(async () => {
  ;[chain, databaseUrl] = await Promise.all([startMarketOnAnvil(), freshDatabase()])
  index = await startIndexOf(chain, databaseUrl, { REORG_WINDOW_SECONDS: '5' })
  const account = accountOf(3).address
  await chain.fund(poster, account)
  await chain.registry.write.register([`ipfs://${SPECIAL}`], { account })
  await chain.staking.write.stake([1n, 100_000_000n], { account })
})

afterAll(async () => {
  await index?.stop()
  await chain?.stop()
})

const ofBuild = `pg_class JOIN information_schema.view_table_usage
  ON table_schema = relnamespace::regnamespace::text AND table_name = relname AND view_schema = 'runline'`

async function query(text: string) {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const { rows } = await client.query<Record<string, string>>(text)
  await client.end()
  return rows
}

/** The oids of the build's indexes that are not of primary keys: an index that was made again has another one. */
const indexes = () =>
  query(`SELECT indexrelid AS oid FROM ${ofBuild} JOIN pg_index ON indrelid = pg_class.oid
    WHERE NOT indisprimary AND indisvalid ORDER BY 1`)

test('the index has the same rows and indexes whether it followed the chain, was killed, or started late', {
  timeout: 150_000,
}, async () => {
  for (let posted = 0; posted < 30; posted++) await postRun(chain, REWARD, SPECIAL)
  // These runs are final now; the following ones are not.
  await chain.client.mine({ blocks: 3 * FINALITY_BLOCKS })
  for (let posted = 0; posted < 5; posted++) await postRun(chain, REWARD, SPECIAL)
  const followed = await index.tables()
  const before = await indexes()
  expect(before).toHaveLength(indexStatements('any').length)

  await index.kill()
  await index.startAgain()
  expect(index.output()).toContain('Cleared the lock of an indexer that was killed')
  // Ponder says so before it waits until the lock of a killed process expires.
  expect(index.output()).not.toContain('Schema is locked')
  expect(await index.tables()).toEqual(followed)
  expect(await indexes()).toEqual(before)
  expectCounts(followed)

  const late = await startIndexOf(chain, await freshDatabase())
  try {
    expect(await late.tables()).toEqual(followed)
  } finally {
    await late.stop()
  }
})

test('the indexer releases its schema on SIGTERM, and keeps its indexes', async () => {
  const { runs } = await index.tables()
  const before = await indexes()
  expect(await index.terminate()).toBe('exited with code 0')
  await postRun(chain, REWARD, SPECIAL)
  await index.startAgain()
  expect(index.output()).not.toContain('Schema is locked')
  expect((await index.tables()).runs).toHaveLength(runs.length + 1)
  expect(await indexes()).toEqual(before)
})

/** Drops the last blocks, and mines as many others without transactions. */
const reorg = (depth: number) => chain.client.request({ method: 'anvil_reorg', params: [depth, []] })

/** Expects that the index has what one of the whole chain has. */
async function expectAllRows() {
  const undisturbed = await startIndexOf(chain, await freshDatabase())
  try {
    expect(await index.tables()).toEqual(await undisturbed.tables())
  } finally {
    await undisturbed.stop()
  }
}

test('a restart keeps the rows of the last block, and reverts them where the chain has lost it', {
  timeout: 150_000,
}, async () => {
  await using client = await connect(databaseUrl)
  const kept = await index.tables()
  await index.kill()
  const seen: unknown[] = []
  const looking = setInterval(() => void positionOf(client, 'runline').then((position) => seen.push(position)), 20)
  await index.startAgain()
  expect(await index.tables()).toEqual(kept)
  clearInterval(looking)
  expect(seen.length).toBeGreaterThan(10)
  expect(new Set(seen.map((position) => JSON.stringify(position))).size).toBe(1)

  // Of blocks from before the restart, once the indexer has read them: it indexes the next one.
  await chain.client.mine({ blocks: 1 })
  await index.tables()
  await reorg(5)
  expect((await index.tables()).runs.length).toBeLessThan(kept.runs.length)
  await expectAllRows()

  // While the indexer does not run.
  await postRun(chain, REWARD)
  await index.tables()
  await index.kill()
  await reorg(1)
  await index.startAgain()
  await expectAllRows()

  // More blocks than are not final, with and without changes.
  await postRun(chain, REWARD)
  await index.tables()
  await index.kill()
  await postRun(chain, REWARD)
  await chain.client.mine({ blocks: 3 * FINALITY_BLOCKS })
  await postRun(chain, REWARD)
  await index.startAgain()
  await expectAllRows()
  await reorg(2)
  await expectAllRows()

  // While the indexer does not run, soon after such a start.
  await index.kill()
  await reorg(1)
  await index.startAgain()
  await expectAllRows()
})
