import { expect, test } from 'vitest'
import { startApi } from '../../../tools/devnet/api.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { startPostgres } from '../../../tools/devnet/postgres.ts'
import { crashDatabase } from '../../../tools/simulation/faults/database.ts'
import { startTestChain } from '../../support/market.ts'
import { participantsOf } from '../../support/participants.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { startFaultyNode } from '../faultyNode.ts'
import { OUTAGE_LIMIT_MS, readList } from './readList.ts'

/** The delay of each answer of the node after the crash, with which an indexer replays its last blocks for seconds. */
const DELAY_MS = 400

/** More than the blocks that a restart replays. */
const BLOCKS = 40

test('a crash of PostgreSQL ends both indexers: readers get answers while each restarts and replays its last blocks', {
  timeout: 240_000,
}, async () => {
  await using parts = new AsyncDisposableStack()
  const postgres = await startPostgres()
  parts.defer(postgres.stop)
  const databaseUrl = await postgres.createDatabase()
  const chain = await startTestChain()
  parts.defer(chain.stop)
  const node = await startFaultyNode(chain.rpcUrl)
  parts.defer(node.stop)
  const { deploymentsDirectory, deployment, client } = chain
  const connections = { databaseUrl, deploymentsDirectory, chainId: deployment.chainId, rpcUrl: node.url }
  async function start(standby: boolean) {
    const indexer = await startIndexer({ ...connections, standby })
    parts.defer(indexer.stop)
    return indexer
  }
  const serving = await start(false)
  await serving.part.saw(/Readers see this build/, 60_000)
  const standby = await start(true)
  await standby.part.saw(/This indexer is ready to take over/, 60_000)
  const api = await startApi({ ...connections, rpcUrl: chain.rpcUrl })
  parts.defer(api.stop)
  await participantsOf(chain).openRun()
  await client.mine({ blocks: BLOCKS })
  await waitForIndex(databaseUrl, await client.getBlockNumber({ cacheTime: 0 }), 30_000)

  const stopReading = readList(api.url)
  const ends = [serving, standby].map(({ part }) => part.ended)
  await crashDatabase(databaseUrl)
  expect(await Promise.all(ends)).toEqual(Array(2).fill('exited with code 75'))
  node.from(() => ({ kind: 'delay', milliseconds: DELAY_MS }))
  const [restarted, restartedStandby] = await Promise.all([start(false), start(true)])
  await restartedStandby.part.saw(/Readers see this build/, 60_000)
  await restarted.part.saw(/This indexer is ready to take over/, 60_000)
  await waitForIndex(databaseUrl, await client.getBlockNumber({ cacheTime: 0 }), 30_000)
  const { longestMs, wrong } = await stopReading()
  console.log(`at most ${Math.round(longestMs)} ms without an answer`)
  expect(wrong).toEqual([])
  expect(longestMs).toBeLessThan(OUTAGE_LIMIT_MS)
})
