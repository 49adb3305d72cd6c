import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { connect } from '../../../ops/database/connect.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { freshDatabase } from '../../support/database.ts'
import { startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { poster, postRun } from './postRun.ts'
import { readList } from './readList.ts'
import { expectAllRows, expectPauses, PAUSES, superviseIndexer, tableOfRuns } from './supervisedIndexer.ts'

/** For how long the handler throws: its block is final on Anvil, where 30 are not, after a third of it. */
const BROKEN_MS = 30_000
const BLOCK_MS = 250

/** For how long readers may get no answer while an indexer starts. */
const START_MS = 1_000

test('an indexer whose handler always throws exits with 75 after pauses, and readers keep the last answers', {
  timeout: 240_000,
}, async () => {
  const chain = await startMarketOnAnvil()
  onTestFinished(chain.stop)
  await chain.fund(poster)
  const databaseUrl = await freshDatabase()
  const before = superviseIndexer(chain, databaseUrl, PAUSES)
  onTestFinished(before.stop)
  await postRun(chain)
  await waitForIndex(databaseUrl, await chain.client.getBlockNumber({ cacheTime: 0 }), 60_000)
  await before.stop()
  const api = await startApi({ ...chain, databaseUrl })
  onTestFinished(api.stop)

  await using client = await connect(databaseUrl)
  const runs = await tableOfRuns(client)
  const next = (await chain.market.read.bountyCount()) + 1n
  await client.query(`ALTER TABLE ${runs} ADD CONSTRAINT broken CHECK (bounty_id <> ${next}) NOT VALID`)
  const stopReading = readList(api.url)
  // A start indexes blocks before the one whose handler throws.
  await chain.client.mine({ blocks: 5 })
  const last = await chain.client.getBlockNumber({ cacheTime: 0 })
  await postRun(chain)
  const supervised = superviseIndexer(chain, databaseUrl, PAUSES)
  onTestFinished(supervised.stop)
  for (const end = Date.now() + BROKEN_MS; Date.now() < end; await sleep(BLOCK_MS))
    await chain.client.mine({ blocks: 1 })
  const { longestMs, wrong, block } = await stopReading()
  console.log(`${supervised.ends.length} ends, and at most ${Math.round(longestMs)} ms without an answer`)
  expect(wrong).toEqual([])
  expect(block).toBe(Number(last))
  expect(longestMs).toBeLessThan(START_MS)
  expectPauses(supervised.ends)

  await client.query(`ALTER TABLE ${runs} DROP CONSTRAINT broken`)
  await supervised.follow()
  await supervised.stop()
  await expectAllRows(chain, databaseUrl)
})
