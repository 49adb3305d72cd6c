import { expect, test } from 'vitest'
import { startApi } from '../../../tools/devnet/api.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { startPostgres } from '../../../tools/devnet/postgres.ts'
import { crashDatabase } from '../../simulation/faults/database.ts'
import { startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { startIndexOf } from './indexOf.ts'
import { poster, postRun } from './postRun.ts'

test('a crash of PostgreSQL ends the indexer with 75 and loses no block that readers saw, and a restart has every row', {
  timeout: 150_000,
}, async () => {
  await using parts = new AsyncDisposableStack()
  // By itself, this server writes commits to the disk only after the test.
  const [chain, postgres] = await Promise.all([
    startMarketOnAnvil(),
    startPostgres({ settings: { wal_writer_delay: '10s' } }),
  ])
  parts.defer(chain.stop)
  parts.defer(postgres.stop)
  await chain.fund(poster)
  const options = { ...chain, databaseUrl: await postgres.createDatabase() }
  const indexer = await startIndexer(options)
  parts.defer(indexer.stop)
  await indexer.part.saw(/Readers see this build/, 60_000)
  const api = await startApi(options)
  parts.defer(api.stop)

  async function post() {
    for (let posted = 0; posted < 5; posted++) await postRun(chain)
    const block = await chain.client.getBlockNumber({ cacheTime: 0 })
    await waitForIndex(options.databaseUrl, block, 20_000)
    return block
  }
  const block = await post()
  const statusAt = async () => (await fetch(`${api.url}/api/runs?minBlock=${block}`)).status
  expect(await statusAt()).toBe(200)

  await crashDatabase(options.databaseUrl)
  expect(await indexer.part.ended).toBe('exited with code 75')
  // By which of its connections the process sees the crash first is not determined.
  expect(indexer.part.output()).toContain('exiting, so that a restart resumes from what PostgreSQL has')
  await expect.poll(statusAt, { timeout: 20_000 }).toBe(200)

  await postRun(chain)
  const resumed = await startIndexOf(chain, options.databaseUrl)
  parts.defer(resumed.stop)
  const fresh = await startIndexOf(chain, await postgres.createDatabase())
  parts.defer(fresh.stop)
  const rows = await resumed.tables()
  expect(rows.runs).toHaveLength(6)
  expect(rows).toEqual(await fresh.tables())
})
