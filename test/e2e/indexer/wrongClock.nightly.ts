// The machine of an operator's command, or that of an indexer, has a wrong clock.
import { execa } from 'execa'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { listBuilds } from '../../../ops/builds/builds.ts'
import { removeBranch } from '../../../ops/builds/deadBranch.ts'
import { connect } from '../../../ops/database/connect.ts'
import { writeDeployment } from '../../../ops/writeDeployment.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { freshDatabase } from '../../support/database.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { shiftedClock } from '../../support/shiftedClock.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'

/** More than the 25 seconds after which Ponder takes a build whose heartbeat is older for one that does not run. */
const WRONG_SECONDS = 60

let chain: MarketOnAnvil

beforeAll(async () => {
  chain = await startMarketOnAnvil()
})

afterAll(() => chain?.stop())

/** What `npm run prune:indexer` prints on a machine whose clock is wrong. */
async function prune(databaseUrl: string, secondsAhead: number): Promise<string> {
  const { stdout } = await execa('node', ['ops/pruneCommand.ts'], {
    env: { DATABASE_URL: databaseUrl, CHAIN_ID: '31337', ...shiftedClock(secondsAhead) },
    preferLocal: true,
  })
  return stdout
}

test('prune keeps a build that runs and drops one that was killed, whatever the clock of its machine', {
  timeout: 180_000,
}, async () => {
  await using parts = new AsyncDisposableStack()
  const databaseUrl = await freshDatabase()
  await using client = await connect(databaseUrl)
  const replaced = await startIndexer({ ...chain, databaseUrl })
  parts.defer(replaced.stop)
  await replaced.part.saw(/Readers see this build/, 60_000)
  const [old] = await listBuilds(client)
  const another = await temporaryDirectory()
  parts.defer(another.remove)
  writeDeployment({ ...chain.deployment, startBlock: chain.deployment.startBlock - 1 }, another.path)
  const serving = await startIndexer({
    ...chain,
    databaseUrl,
    deploymentsDirectory: another.path,
    redeploy: true,
  })
  parts.defer(serving.stop)
  await serving.part.saw(/Readers see this build/, 60_000)

  expect(await prune(databaseUrl, WRONG_SECONDS)).toContain(`${old} kept: it is running`)
  process.kill(replaced.part.pid, 'SIGKILL')
  expect(await replaced.part.ended).toBe('was killed by SIGKILL')
  expect(await prune(databaseUrl, -WRONG_SECONDS)).toContain(`${old} dropped`)
})

test('recover refuses while a build runs, whatever the clock of its machine', { timeout: 120_000 }, async () => {
  await using parts = new AsyncDisposableStack()
  const databaseUrl = await freshDatabase()
  await using client = await connect(databaseUrl)
  const indexer = await startIndexer({ ...chain, databaseUrl })
  parts.defer(indexer.stop)
  await indexer.part.saw(/Readers see this build/, 60_000)
  // Blocks are finalized 30 behind the latest.
  await chain.client.mine({ blocks: 100 })
  await indexer.part.saw(/Finalized block/, 60_000)
  const builds = await listBuilds(client)
  vi.setSystemTime(Date.now() + 1_000 * WRONG_SECONDS)
  onTestFinished(() => {
    vi.useRealTimers()
  })
  await expect(removeBranch(client, 31337, 0n)).rejects.toThrow(`Build ${builds[0]} is running`)
  expect(await listBuilds(client)).toEqual(builds)
})
