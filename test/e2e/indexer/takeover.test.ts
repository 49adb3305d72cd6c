import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { beforeAll, expect, test } from 'vitest'
import { type Indexer, startIndexer } from '../../../devnet/indexer.ts'
import { participantsOf } from '../../../testkit/participants.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'

/** The longest time without an answer. */
const OUTAGE_LIMIT_MS = 2_000

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
  const { databaseUrl, rpcUrl, deploymentsDirectory, chainId } = market
  const indexer = await startIndexer({ databaseUrl, rpcUrl, deploymentsDirectory, chainId, standby })
  await indexer.part.saw(/This indexer is ready to take over/, 60_000)
  return indexer
}

/** Reads a list over and over. @returns a function that stops it, with what it saw. */
function readList() {
  const seen = { longestMs: 0, wrong: [] as string[], block: 0 }
  let isOver = false
  const reading = (async () => {
    let answeredAt = performance.now()
    for (; !isOver; await sleep(20)) {
      const response = await fetch(`${market.api.url}/api/runs?state=OPEN`)
      const { runs } = (await response.json()) as { runs?: unknown[] }
      seen.longestMs = Math.max(seen.longestMs, performance.now() - answeredAt)
      if (response.status !== 200) continue
      answeredAt = performance.now()
      const block = Number(response.headers.get('X-Indexed-Block'))
      if (block < seen.block) seen.wrong.push(`block ${block} after ${seen.block}`)
      if (runs?.length !== 1) seen.wrong.push(`${runs?.length} runs`)
      seen.block = block
    }
  })()
  return async () => {
    isOver = true
    await reading
    return seen
  }
}

/** Makes the serving indexer fail, and expects that the other one serves readers without an outage. */
async function expectTakeover(serving: Indexer, standby: Indexer, signal: NodeJS.Signals) {
  const stopReading = readList()
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
