import { execa } from 'execa'
import { beforeAll, expect, test } from 'vitest'
import { type Indexer, startIndexer } from '../../../tools/devnet/indexer.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { participantsOf } from '../../support/participants.ts'
import { OUTAGE_LIMIT_MS, readList } from './readList.ts'

let market: TestMarket
let first: Indexer
let second: Indexer

beforeAll(async () => {
  market = await startTestMarket()
  first = market.indexer
  await participantsOf(market).openRun()
  second = await start(true)
  return async () => {
    process.kill(first.part.pid, 'SIGCONT')
    await second.stop()
    await first.stop()
    await market.stop()
  }
})

async function start(standby: boolean): Promise<Indexer> {
  const indexer = await startIndexer({ ...market, standby })
  await indexer.part.saw(/This indexer is ready to take over/, 60_000)
  return indexer
}

/** Makes the serving indexer fail, and expects that the other one serves readers without an outage. */
async function expectTakeover(serving: Indexer, standby: Indexer, signal: NodeJS.Signals) {
  const stopReading = readList(market.api.url)
  const tookOver = standby.part.saw(/Readers see this build/, 30_000)
  process.kill(serving.part.pid, signal)
  await tookOver
  // The standby continues to index.
  await market.indexed()
  if (signal === 'SIGSTOP') process.kill(serving.part.pid, 'SIGCONT')
  else await serving.part.ended
  return stopReading
}

test.each(['SIGTERM', 'SIGKILL', 'SIGSTOP'] as const)(
  'after %s the standby serves readers, and later the other way round',
  { timeout: 180_000 },
  async (signal) => {
    let stopReading = await expectTakeover(first, second, signal)
    if (signal === 'SIGSTOP') await first.part.saw(/The standby took over/, 30_000)
    else first = await start(false)
    const there = await stopReading()
    stopReading = await expectTakeover(second, first, 'SIGKILL')
    second = await start(true)
    const back = await stopReading()
    for (const { longestMs, wrong } of [there, back]) {
      expect(wrong).toEqual([])
      expect(longestMs).toBeLessThan(OUTAGE_LIMIT_MS)
    }
    console.log(`${signal}: at most ${Math.round(Math.max(there.longestMs, back.longestMs))} ms without an answer`)
  },
)

test('the operator does not drop the tables of a standby that is stopped', async () => {
  await second.stop()
  const { databaseUrl, chainId } = market
  const { stdout } = await execa('node', ['ops/pruneCommand.ts'], {
    env: { DATABASE_URL: databaseUrl, CHAIN_ID: String(chainId) },
    preferLocal: true,
  })
  expect(
    stdout
      .split('\n')
      .map((line) => line.replace(/^runline_\w+ /, ''))
      .sort(),
  ).toEqual(['kept: it is the standby of the one that readers see', 'kept: readers see it'])
  second = await start(true)
})
