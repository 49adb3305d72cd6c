import { execa } from 'execa'
import { beforeAll, expect, test } from 'vitest'
import { writeDeployment } from '../../../ops/writeDeployment.ts'
import { type Indexer, type IndexerOptions, startIndexer } from '../../../tools/devnet/indexer.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { participantsOf } from '../../support/participants.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'
import { OUTAGE_LIMIT_MS, readList } from './readList.ts'

const serves = /Readers see this build/
const isReady = /This indexer is ready to take over/
const isReplaced = /Another build took over/

const parts = new AsyncDisposableStack()
let market: TestMarket
/** The deployments of three builds with the same tables. Each starts at another block. */
const builds: string[] = []

/** An indexer, and whether it was started as the standby. */
type Either = { indexer: Indexer; standby: boolean }
let serving: Either
let waiting: Either

beforeAll(async () => {
  market = await startTestMarket()
  parts.defer(market.stop)
  await participantsOf(market).openRun()
  const { deployment } = market
  for (const earlier of [0, 1, 2]) {
    const directory = await temporaryDirectory()
    parts.defer(directory.remove)
    writeDeployment({ ...deployment, startBlock: deployment.startBlock - earlier }, directory.path)
    builds.push(directory.path)
  }
  serving = { indexer: market.indexer, standby: false }
  waiting = await startWaiting(true)
  return () => parts.disposeAsync()
}, 120_000)

/** Starts an indexer of a build by its number. */
async function start(build: number, options: Partial<IndexerOptions> = {}) {
  const indexer = await startIndexer({ ...market, deploymentsDirectory: builds[build] ?? '', ...options })
  parts.defer(indexer.stop)
  return indexer
}

async function startWaiting(standby: boolean): Promise<Either> {
  const indexer = await start(0, { standby })
  await sees(indexer, isReady)
  return { indexer, standby }
}

const sees = ({ part }: Indexer, line: RegExp) => part.saw(line, 60_000)

/** Expects that readers have had answers all the time since `readList`, and no earlier block than before. */
async function expectNoOutage(stopReading: ReturnType<typeof readList>) {
  const { longestMs, wrong } = await stopReading()
  console.log(`At most ${Math.round(longestMs)} ms without an answer`)
  expect(wrong).toEqual([])
  expect(longestMs).toBeLessThan(OUTAGE_LIMIT_MS)
}

test.each(['SIGTERM', 'SIGKILL', 'SIGSTOP', 'SIGKILL'] as const)(
  'after %s the indexer that waits serves readers',
  { timeout: 180_000 },
  async (signal) => {
    const { indexer, standby } = serving
    const stopReading = readList(market.api.url)
    const tookOver = sees(waiting.indexer, serves)
    process.kill(indexer.part.pid, signal)
    try {
      await tookOver
      // It continues to index.
      await market.indexed()
    } finally {
      if (signal === 'SIGSTOP') process.kill(indexer.part.pid, 'SIGCONT')
    }
    serving = waiting
    if (signal === 'SIGSTOP') {
      await indexer.part.saw(/The standby took over/, 30_000)
      waiting = { indexer, standby }
    } else {
      await indexer.part.ended
      waiting = await startWaiting(standby)
    }
    await expectNoOutage(stopReading)
  },
)

test('the operator does not drop the tables of a standby that is stopped', async () => {
  await waiting.indexer.stop()
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
  waiting = await startWaiting(true)
})

/**
 * Pauses an indexer during its start, at a line of its log. An indexer that is paused for 20 seconds ends.
 * @returns the indexer, which has started some time after `resume`.
 */
async function startAndPause(build: number, options: Partial<IndexerOptions>, pauseAt: RegExp) {
  let pid = 0
  const paused = Promise.withResolvers<void>()
  const indexer = start(build, {
    ...options,
    onLine(line) {
      if (line.includes('Starting Ponder')) pid = JSON.parse(line).pid
      if (!pauseAt.test(line)) return
      process.kill(pid, 'SIGSTOP')
      paused.resolve()
    },
  })
  await Promise.race([paused.promise, indexer])
  return { indexer, resume: () => process.kill(pid, 'SIGCONT') }
}

test('in the documented order a new build replaces both indexers without an outage', { timeout: 180_000 }, async () => {
  const stopReading = readList(market.api.url)
  await waiting.indexer.stop()
  const newStandby = await start(1, { standby: true, redeploy: true })
  await sees(newStandby, serves)
  await sees(serving.indexer, isReplaced)
  await serving.indexer.stop()
  const replacement = await start(1)
  await sees(replacement, isReady)
  await expect(start(0, { standby: true })).rejects.toThrow(/exited with code 1.*Readers see another build/s)

  process.kill(newStandby.part.pid, 'SIGKILL')
  await sees(replacement, serves)
  await market.indexed()
  await expectNoOutage(stopReading)
  serving = { indexer: replacement, standby: false }
})

test('an old standby, running or at its start, does not switch readers back', { timeout: 180_000 }, async () => {
  const stopReading = readList(market.api.url)
  // Both may start. The standby looks at what readers see only after the switch.
  const replacement = await startAndPause(2, { redeploy: true }, /Created database tables/)
  const late = await startAndPause(1, { standby: true }, /Starting Ponder/)
  replacement.resume()
  const newIndexer = await replacement.indexer
  await sees(newIndexer, serves)
  late.resume()
  const lateStandby = await late.indexer
  await Promise.all([sees(lateStandby, isReplaced), sees(serving.indexer, isReplaced)])
  await market.indexed()
  expect(newIndexer.part.output()).not.toMatch(isReplaced)
  await expectNoOutage(stopReading)
})
