// docs/running.md, "When the indexer ends": whatever PostgreSQL answers, the indexer continues, or a restart helps.
import { afterAll, beforeAll, test } from 'vitest'
import { connect } from '../../../ops/database/connect.ts'
import { freshDatabase } from '../../support/database.ts'
import { failWrites } from '../../support/databaseFaults.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { poster, postRun } from './postRun.ts'
import { expectAllRows, superviseIndexer, tableOfRuns } from './supervisedIndexer.ts'

/**
 * Errors of a server that a statement may meet: rollback, resources, state, intervention, system. The first of each class
 * repeats until the indexer ends.
 */
const CLASSES = [
  ['40001', '40P01', '40003'],
  ['53200', '53000', '53100', '53400'],
  ['55P03', '55000', '55006'],
  ['57014', '57000', '57P04', '57P05'],
  ['58030', '58000', '58P01'],
] as const

let chain: MarketOnAnvil

beforeAll(async () => {
  chain = await startMarketOnAnvil()
  await chain.fund(poster)
})

afterAll(() => chain?.stop())

test('whatever error a write gets, once or repeatedly, the indexer continues or exits with 75', {
  timeout: 600_000,
}, async () => {
  const databaseUrl = await freshDatabase()
  await using client = await connect(databaseUrl)
  const supervised = superviseIndexer(chain, databaseUrl)
  const ended: Record<string, number> = {}
  try {
    await postRun(chain)
    await waitForIndex(databaseUrl, await chain.client.getBlockNumber({ cacheTime: 0 }), 60_000)
    const runs = await tableOfRuns(client)
    async function meet(code: string, times: number) {
      const before = supervised.ends.length
      await failWrites(databaseUrl, runs, code, times)
      await postRun(chain)
      await supervised.follow()
      ended[`${code}, ${times} times`] = supervised.ends.length - before
    }
    for (const codes of CLASSES) {
      for (const code of codes) await meet(code, 1)
      // Ponder repeats a write that failed, and takes a second error for a defect of a handler.
      await meet(codes[0], 3)
    }
  } finally {
    await supervised.stop()
  }
  console.log('How often each error ended the indexer', ended)
  await expectAllRows(chain, databaseUrl)
})
