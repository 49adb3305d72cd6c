import { beforeAll, expect, test } from 'vitest'
import { writeDeployment } from '../../../ops/writeDeployment.ts'
import { type Api, startApi } from '../../../tools/devnet/api.ts'
import { type Indexer, type IndexerOptions, startIndexer } from '../../../tools/devnet/indexer.ts'
import { type Postgres, startPostgres } from '../../../tools/devnet/postgres.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { participantsOf } from '../../support/participants.ts'
import { type RpcProxy, startRpcProxy } from '../../support/rpcProxy.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { readList } from './readList.ts'

/** The longest time that readers may get no answer for when the indexer restarts. At a million runs: `bench restarts`. */
const OUTAGE_LIMIT_MS = 5_000

/** More blocks than are finalized, so that a restart has blocks to replay. */
const UNFINALIZED_BLOCKS = 40

const serves = /Readers see this build/
const isReplaced = /Another build took over/

const parts = new AsyncDisposableStack()
let chain: TestChain
let postgres: Postgres
let databaseUrl: string
let node: RpcProxy
let api: Api
let indexer: Indexer
/** The deployments of three builds with the same tables. Each starts at another block. */
const builds: string[] = []

beforeAll(async () => {
  ;[chain, postgres] = await Promise.all([startTestChain(), startPostgres()])
  parts.defer(chain.stop)
  parts.defer(postgres.stop)
  databaseUrl = await postgres.createDatabase()
  node = await startRpcProxy(chain.rpcUrl)
  parts.defer(node.stop)
  for (const earlier of [0, 1, 2]) {
    const directory = await temporaryDirectory()
    parts.defer(directory.remove)
    writeDeployment({ ...chain.deployment, startBlock: chain.deployment.startBlock - earlier }, directory.path)
    builds.push(directory.path)
  }
  await participantsOf(chain).openRun()
  indexer = await start(0)
  await sees(indexer, serves)
  api = await startApi({ ...chain, databaseUrl })
  parts.defer(api.stop)
  await chain.client.mine({ blocks: UNFINALIZED_BLOCKS })
  await indexed()
  return () => parts.disposeAsync()
}, 120_000)

/** Starts an indexer of a build by its number. */
async function start(build: number, options: Partial<IndexerOptions> = {}) {
  const deploymentsDirectory = builds[build] ?? ''
  const started = await startIndexer({ ...chain, databaseUrl, rpcUrl: node.url, deploymentsDirectory, ...options })
  parts.defer(started.stop)
  return started
}

const sees = ({ part }: Indexer, line: RegExp) => part.saw(line, 60_000)

/** Waits until readers see the chain's latest block. */
const indexed = async () => waitForIndex(databaseUrl, await chain.client.getBlockNumber({ cacheTime: 0 }), 60_000)

/** Ends the indexer, and starts it again as a supervisor does. */
async function restartAfter(event: 'SIGTERM' | 'SIGKILL' | 'crash') {
  const { part } = indexer
  if (event === 'crash') await postgres.crash()
  else process.kill(part.pid, event)
  const how = await part.ended
  if (event === 'crash') expect(how).toBe('exited with code 75')
  indexer = await start(0)
}

test.each(['SIGTERM', 'SIGKILL', 'crash'] as const)(
  'readers of an indexer that restarts after %s wait for at most five seconds, and see no earlier block',
  { timeout: 180_000 },
  async (event) => {
    const stopReading = readList(api.url)
    await restartAfter(event)
    await indexed()
    const { longestMs, wrong } = await stopReading()
    console.log(`At most ${Math.round(longestMs)} ms without an answer`)
    expect(wrong).toEqual([])
    expect(longestMs).toBeLessThan(OUTAGE_LIMIT_MS)
  },
)

test('readers see no earlier block while an indexer replays for seconds after a crash of PostgreSQL', {
  timeout: 180_000,
}, async () => {
  const stopReading = readList(api.url)
  node.from(() => ({ kind: 'delay', milliseconds: 400 }))
  try {
    await restartAfter('crash')
    await indexed()
  } finally {
    node.heal()
  }
  const { longestMs, wrong } = await stopReading()
  console.log(`At most ${Math.round(longestMs)} ms without an answer`)
  expect(wrong).toEqual([])
})

/**
 * Pauses an indexer during its start, at a line of its log. An indexer that is paused for 20 seconds ends.
 * @returns the indexer, which has started some time after `resume`.
 */
async function startAndPause(build: number, pauseAt: RegExp) {
  let pid = 0
  const paused = Promise.withResolvers<void>()
  const starting = start(build, {
    redeploy: true,
    onLine(line) {
      if (line.includes('Starting Ponder')) pid = JSON.parse(line).pid
      if (!pauseAt.test(line)) return
      process.kill(pid, 'SIGSTOP')
      paused.resolve()
    },
  })
  await Promise.race([paused.promise, starting])
  return { starting, resume: () => process.kill(pid, 'SIGCONT') }
}

test('a build whose start began before a switch to another one does not switch readers back', {
  timeout: 180_000,
}, async () => {
  const stopReading = readList(api.url)
  // Both may start. The late one looks at what readers see only after the switch.
  const replacement = await startAndPause(2, /Created database tables/)
  const late = await startAndPause(1, /Starting Ponder/)
  replacement.resume()
  const replacing = await replacement.starting
  await sees(replacing, serves)
  late.resume()
  const lateIndexer = await late.starting
  await Promise.all([sees(lateIndexer, isReplaced), sees(indexer, isReplaced)])
  await indexed()
  expect(replacing.part.output()).not.toMatch(isReplaced)
  const { longestMs, wrong } = await stopReading()
  expect(wrong).toEqual([])
  expect(longestMs).toBeLessThan(OUTAGE_LIMIT_MS)
})
