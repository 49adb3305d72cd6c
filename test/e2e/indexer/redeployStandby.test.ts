import { beforeAll, expect, test } from 'vitest'
import { type Indexer, type IndexerOptions, startIndexer } from '../../../devnet/indexer.ts'
import { writeDeployment } from '../../../ops/writeDeployment.ts'
import { participantsOf } from '../../../testkit/participants.ts'
import { temporaryDirectory } from '../../../testkit/temporaryDirectory.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
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
  const { databaseUrl, rpcUrl, chainId } = market
  const deploymentsDirectory = builds[build] ?? ''
  const indexer = await startIndexer({ databaseUrl, rpcUrl, chainId, deploymentsDirectory, ...options })
  parts.defer(indexer.stop)
  return indexer
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
  // It may start, and then waits until readers see another build.
  let pid = 0
  const starting = Promise.withResolvers<void>()
  const late = start(1, parts, {
    standby: true,
    onLine(line) {
      if (!line.includes('Starting Ponder')) return
      pid = JSON.parse(line).pid
      process.kill(pid, 'SIGSTOP')
      starting.resolve()
    },
  })
  await starting.promise
  const replacement = await start(2, parts, { redeploy: true })
  await sees(replacement, serves)
  process.kill(pid, 'SIGCONT')
  const lateStandby = await late
  await Promise.all([sees(lateStandby, isReplaced), sees(serving, isReplaced)])
  await market.indexed()
  expect(replacement.part.output()).not.toMatch(isReplaced)
  const { longestMs, wrong } = await stopReading()
  expect(wrong).toEqual([])
  expect(longestMs).toBeLessThan(OUTAGE_LIMIT_MS)
})
