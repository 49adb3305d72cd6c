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

let market: TestMarket
/** The deployments of three builds with the same tables. Each starts at another block. */
let builds: string[]

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  market = await startTestMarket()
  parts.defer(market.stop)
  await participantsOf(market).openRun()
  const { deployment } = market
  builds = []
  for (const earlier of [0, 1, 2]) {
    const directory = await temporaryDirectory()
    parts.defer(directory.remove)
    writeDeployment({ ...deployment, startBlock: deployment.startBlock - earlier }, directory.path)
    builds.push(directory.path)
  }
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 120_000)

/** Starts an indexer of a build by its number, and has `parts` stop it. */
async function start(build: number, parts: AsyncDisposableStack, options: Partial<IndexerOptions> = {}) {
  const deploymentsDirectory = builds[build] ?? ''
  const indexer = await startIndexer({ ...market, deploymentsDirectory, ...options })
  parts.defer(indexer.stop)
  return indexer
}

/**
 * Pauses an indexer during its start, at a line of its log. An indexer that is paused for 20 seconds ends.
 * @returns the indexer, which has started some time after `resume`.
 */
async function startAndPause(
  build: number,
  parts: AsyncDisposableStack,
  options: Partial<IndexerOptions>,
  pauseAt: RegExp,
) {
  let pid = 0
  const paused = Promise.withResolvers<void>()
  const indexer = start(build, parts, {
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

const sees = ({ part }: Indexer, line: RegExp) => part.saw(line, 60_000)

test('in the documented order a new build replaces both indexers without an outage', { timeout: 180_000 }, async () => {
  await using parts = new AsyncDisposableStack()
  const oldStandby = await start(0, parts, { standby: true })
  await sees(oldStandby, isReady)
  const stopReading = readList(market.api.url)
  parts.defer(async () => {
    await stopReading()
  })

  await oldStandby.stop()
  const newStandby = await start(1, parts, { standby: true, redeploy: true })
  await sees(newStandby, serves)
  await sees(market.indexer, isReplaced)
  await market.indexer.stop()
  const replacement = await start(1, parts)
  await sees(replacement, isReady)
  await expect(start(0, parts, { standby: true })).rejects.toThrow(/exited with code 1.*Readers see another build/s)

  process.kill(newStandby.part.pid, 'SIGKILL')
  await sees(replacement, serves)
  await market.indexed()
  const { longestMs, wrong } = await stopReading()
  expect(wrong).toEqual([])
  expect(longestMs).toBeLessThan(OUTAGE_LIMIT_MS)
  console.log(`At most ${Math.round(longestMs)} ms without an answer`)
})

test('an old standby, running or at its start, does not switch readers back', { timeout: 180_000 }, async () => {
  await using parts = new AsyncDisposableStack()
  const serving = await start(1, parts)
  const stopReading = readList(market.api.url)
  parts.defer(async () => {
    await stopReading()
  })
  // Both may start. The standby looks at what readers see only after the switch.
  const replacement = await startAndPause(2, parts, { redeploy: true }, /Created database tables/)
  const late = await startAndPause(1, parts, { standby: true }, /Starting Ponder/)
  replacement.resume()
  const newIndexer = await replacement.indexer
  await sees(newIndexer, serves)
  late.resume()
  const lateStandby = await late.indexer
  await Promise.all([sees(lateStandby, isReplaced), sees(serving, isReplaced)])
  await market.indexed()
  expect(newIndexer.part.output()).not.toMatch(isReplaced)
  const { longestMs, wrong } = await stopReading()
  expect(wrong).toEqual([])
  expect(longestMs).toBeLessThan(OUTAGE_LIMIT_MS)
})
