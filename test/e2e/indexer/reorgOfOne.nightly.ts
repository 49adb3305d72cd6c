import type { Hash } from 'viem'
import { beforeAll, expect, test } from 'vitest'
import { type Api, startApi } from '../../../tools/devnet/api.ts'
import { type Indexer, startIndexer } from '../../../tools/devnet/indexer.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { participantsOf } from '../../support/participants.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { type FaultyNode, startFaultyNode } from '../faultyNode.ts'
import { OUTAGE_LIMIT_MS, readList } from './readList.ts'

/** The delay of each answer about the new branch. A reorg of this depth then takes the serving indexer several seconds. */
const DELAY_MS = 1_500
const DEPTH = 5

let chain: TestChain
let databaseUrl: string
/** The endpoints of the indexer that serves, and of its standby. */
let ofServing: FaultyNode
let ofStandby: FaultyNode
let serving: Indexer
let standby: Indexer
let api: Api

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  chain = await startTestChain({ flags: [] })
  parts.defer(chain.stop)
  ofServing = await startFaultyNode(chain.rpcUrl)
  parts.defer(ofServing.stop)
  ofStandby = await startFaultyNode(chain.rpcUrl)
  parts.defer(ofStandby.stop)
  databaseUrl = await freshDatabase()
  const { deploymentsDirectory, deployment } = chain
  const connections = { databaseUrl, deploymentsDirectory, chainId: deployment.chainId }
  serving = await startIndexer({ ...connections, rpcUrl: ofServing.url })
  parts.defer(() => serving.stop())
  await serving.part.saw(/Readers see this build/, 60_000)
  standby = await startIndexer({ ...connections, rpcUrl: ofStandby.url, standby: true })
  parts.defer(() => standby.stop())
  await standby.part.saw(/This indexer is ready to take over/, 60_000)
  api = await startApi({ ...connections, rpcUrl: chain.rpcUrl })
  parts.defer(() => api.stop())
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 180_000)

test('a standby takes over from an indexer whose endpoint alone shows a reorg, and follows it later', async () => {
  const { client } = chain
  const latest = () => client.getBlockNumber({ cacheTime: 0 })
  // The reorg removes the only run.
  await participantsOf(chain).openRun()
  await waitForIndex(databaseUrl, await latest())
  // A standby that lacks a block which readers saw does not take over.
  await standby.part.saw(new RegExp(`"Indexed block".*"number":${await latest()},`), 20_000)
  const stopReading = readList(api.url, null)
  // The endpoint of the standby shows nothing of the reorg for now.
  ofStandby.from(() => ({ kind: 'hang' }))
  const tookOver = standby.part.saw(/Readers see this build/, 30_000)
  ofServing.from(() => ({ kind: 'delay', milliseconds: DELAY_MS }))
  await client.request({ method: 'anvil_reorg', params: [DEPTH, []] })
  await client.mine({ blocks: 1 })
  await tookOver
  expect(standby.part.output()).toContain('"failure":"rewinding"')

  ofServing.heal()
  ofStandby.heal()
  await client.mine({ blocks: 1 })
  await waitForIndex(databaseUrl, await latest())
  const { longestMs, wrong, answers } = await stopReading()
  expect(wrong).toEqual([])
  expect(longestMs).toBeLessThan(OUTAGE_LIMIT_MS)
  const isOrphaned = new Map<Hash, boolean>()
  for (const { hash } of answers)
    isOrphaned.set(hash, (await client.request({ method: 'eth_getBlockByHash', params: [hash, false] })) === null)
  expect([...new Set(isOrphaned.values())]).toEqual([true, false])
  for (const { hash, runs } of answers) expect(runs).toBe(isOrphaned.get(hash) ? 1 : 0)
  console.log(`at most ${Math.round(longestMs)} ms without an answer`)
})
