import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { type Api, startApi } from '../../../tools/devnet/api.ts'
import { type Indexer, startIndexer } from '../../../tools/devnet/indexer.ts'
import { freshDatabase } from '../../support/database.ts'
import { startPublicChain } from '../../support/publicChain.ts'
import { type ChooseFault, type Fault, type RpcProxy, startRpcProxy, status } from '../../support/rpcProxy.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'

/** Set for longer outages, and for more faults. A long campaign has 90. */
const { OUTAGE_SECONDS } = process.env
/** Seconds. */
const OUTAGE = Number(OUTAGE_SECONDS || 6)

/** Seconds from the node's first answer until the index has its latest block. */
const RECOVERY = 15

const MAX_LAG = 3

let chain: Awaited<ReturnType<typeof startPublicChain>>
let databaseUrl: string
let proxy: RpcProxy
let indexer: Indexer
let api: Api
let choose: ChooseFault = () => undefined

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  chain = await startPublicChain({ blockTime: 1 })
  parts.defer(chain.stop)
  databaseUrl = await freshDatabase()
  proxy = await startRpcProxy(chain.rpcUrl, (call) => choose(call))
  parts.defer(proxy.stop)
  const connections = { ...chain, databaseUrl, rpcUrl: proxy.url }
  indexer = await startIndexer(connections)
  parts.defer(() => indexer.stop())
  api = await startApi({ ...connections, env: { MAX_LAG_SECONDS: String(MAX_LAG) } })
  parts.defer(() => api.stop())
  await waitForIndex(databaseUrl, await latest(), 60_000)
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 120_000)

const latest = () => chain.client.getBlockNumber({ cacheTime: 0 })

async function readiness() {
  const response = await fetch(`${api.url}/readyz`)
  return { status: response.status, body: await response.json() }
}

async function blocksBehind() {
  const metrics = await (await fetch(`${api.opsUrl}/metrics`)).text()
  return Number(/^index_behind_blocks (.+)$/m.exec(metrics)?.[1])
}

const faults: [string, Fault][] = [
  ['hangs', { kind: 'hang' }],
  ['limits requests, and asks to wait for an hour,', status(429, 3_600)],
]
const more: [string, Fault][] = [
  ['refuses connections', { kind: 'refuse' }],
  ['limits requests', status(429)],
  ['cuts its answers short', { kind: 'truncate' }],
]

test.each(OUTAGE_SECONDS ? [...faults, ...more] : faults)(
  `a node that %s for ${OUTAGE} s delays the index by less than ${RECOVERY} s`,
  {
    timeout: (OUTAGE + 120) * 1_000,
  },
  async (_, fault) => {
    choose = () => fault
    await sleep(OUTAGE * 1_000)
    // A busy machine mines late, so the index may not lag yet: the outage lasts until the API reports it.
    await expect.poll(readiness, { timeout: 20_000 }).toMatchObject({
      status: 503,
      body: {
        status: 'unready',
        reasons: expect.arrayContaining([expect.objectContaining({ code: 'INDEX_LAGGING' })]),
      },
    })
    choose = () => undefined
    const start = performance.now()
    await waitForIndex(databaseUrl, await latest(), 120_000)
    const seconds = (performance.now() - start) / 1_000
    console.log(`The index was current ${seconds.toFixed(1)} s after the outage`)
    expect(seconds).toBeLessThan(RECOVERY)
    await expect.poll(readiness, { timeout: 15_000 }).toMatchObject({ status: 200 })
    // The chain's block and the index's are not read at the same time: a block may come between.
    await expect.poll(blocksBehind, { timeout: 15_000 }).toBeLessThanOrEqual(1)
  },
)
