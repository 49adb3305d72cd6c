import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, beforeEach, expect, it } from 'vitest'
import { type Api, startApi } from '../../../tools/devnet/api.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain } from '../../support/market.ts'
import { startPublicChain } from '../../support/publicChain.ts'
import { type ChooseFault, startRpcProxy } from '../../support/rpcProxy.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'

/** Seconds. */
const BLOCK_TIME = 1
const STOPPED = 7
const DEFAULT = 30

/** Moves the machine's clock as that process sees it: SIGWINCH once an hour ahead, then an hour behind. */
const movableClock = `
  const hour = 3_600_000
  let shift = 0
  process.on('SIGWINCH', () => { shift = shift > 0 ? -hour : hour })
  globalThis.Date = class extends Date {
    constructor(...parts) { parts.length > 0 ? super(...parts) : super(Date.now()) }
    static now() { return super.now() + shift }
  }`

let chain: Awaited<ReturnType<typeof startPublicChain>>
let demand: Awaited<ReturnType<typeof startTestChain>>
let api: Api
let others: Api[]
let choose: ChooseFault = () => undefined

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  const [rollup, onDemand, databaseUrl] = await Promise.all([
    startPublicChain({ blockTime: BLOCK_TIME }),
    startTestChain({}),
    freshDatabase(),
  ])
  ;[chain, demand] = [rollup, onDemand]
  parts.defer(chain.stop)
  parts.defer(demand.stop)
  const proxy = await startRpcProxy(chain.rpcUrl, (call) => choose(call))
  parts.defer(proxy.stop)
  const { chainId, rpcUrl, deploymentsDirectory } = chain
  const connections = { databaseUrl, chainId, deploymentsDirectory }
  const indexer = await startIndexer({ ...connections, rpcUrl })
  parts.defer(indexer.stop)
  const start = async (options: Parameters<typeof startApi>[0]) => {
    const started = await startApi(options)
    parts.defer(started.stop)
    return started
  }
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(movableClock)}`
  const env = { CHAIN_STOPPED_SECONDS: String(STOPPED), NODE_OPTIONS }
  api = await start({ ...connections, rpcUrl: proxy.url, env })
  others = await Promise.all([
    start({ ...connections, rpcUrl, env: {} }),
    start({ ...connections, rpcUrl, env: { CHAIN_STOPPED_SECONDS: '0' } }),
    start({ ...demand, port: 0, databaseUrl: await freshDatabase(), chainId: demand.deployment.chainId }),
  ])
  await waitForIndex(databaseUrl, await chain.client.getBlockNumber(), 60_000)
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 120_000)

beforeEach(async () => {
  await expect.poll(() => readiness(), polling).toEqual([200, 'ready'])
})

const polling = { timeout: 20_000, interval: 200 }
const stopMining = () => chain.client.setIntervalMining({ interval: 0 })
const continueMining = () => chain.client.setIntervalMining({ interval: BLOCK_TIME })

/** The status and the codes of the reasons. */
async function readiness(origin = api.url, path = '/readyz') {
  const response = await fetch(`${origin}${path}`)
  const { status, reasons } = (await response.json()) as { status: string; reasons: { code: string }[] }
  return [response.status, status, ...reasons.map(({ code }) => code)]
}

async function unchangedSeconds() {
  const text = await (await fetch(`${api.opsUrl}/metrics`)).text()
  return Number(/^chain_head_unchanged_seconds (.+)$/m.exec(text)?.[1])
}

/** All codes that readiness shows within so many seconds. */
async function codesWithin(seconds: number) {
  const seen = new Set<number | string>()
  for (const end = performance.now() + 1_000 * seconds; performance.now() < end; await sleep(200)) {
    for (const code of (await readiness()).slice(2)) seen.add(code)
  }
  return seen
}

it('reports a chain without new blocks as affecting claims only, until the next block', async () => {
  await stopMining()
  const stopped = [200, 'degraded', 'CHAIN_STOPPED']
  await expect.poll(() => readiness(), polling).toEqual(stopped)
  expect(await readiness(api.opsUrl, '/status')).toEqual(stopped)
  expect(await unchangedSeconds()).toBeGreaterThanOrEqual(STOPPED)
  const detail = new RegExp(`^The chain has had no block after block ${await chain.client.getBlockNumber()} for \\d+ s`)
  expect(await (await fetch(`${api.url}/readyz`)).json()).toMatchObject({
    reasons: [{ code: 'CHAIN_STOPPED', affects: 'claims', detail: expect.stringMatching(detail) }],
  })
  expect((await fetch(`${api.url}/api/runs`)).status).toBe(200)

  await chain.client.mine({ blocks: 1 })
  await expect.poll(() => readiness(), { ...polling, timeout: 1_000 * STOPPED }).toEqual([200, 'ready'])
  await continueMining()
})

it('does not believe the machine’s clock', async () => {
  const stopped = [200, 'degraded', 'CHAIN_STOPPED']
  await stopMining()
  // The chain is checked every two seconds: it is known to have stopped, and not long ago.
  await sleep(2_200)
  process.kill(api.part.pid, 'SIGWINCH')
  expect(await codesWithin(2.3)).toEqual(new Set())
  await expect.poll(() => readiness(), polling).toEqual(stopped)
  process.kill(api.part.pid, 'SIGWINCH')
  await sleep(4_000)
  expect(await readiness()).toEqual(stopped)
  await continueMining()
})

it('does not believe the chain’s clock', async () => {
  await chain.client.increaseTime({ seconds: 3_600 })
  expect(await codesWithin(STOPPED + 2)).toEqual(new Set())
  await stopMining()
  await expect.poll(() => readiness(), polling).toEqual([200, 'degraded', 'CHAIN_STOPPED'])
  await continueMining()
})

it('reports neither a silent node nor its own pause as a stopped chain', async () => {
  choose = () => ({ kind: 'hang' })
  const whileSilent = await codesWithin(STOPPED + 4)
  choose = () => undefined
  expect([...whileSilent, ...(await codesWithin(5))]).not.toContain('CHAIN_STOPPED')

  process.kill(api.part.pid, 'SIGSTOP')
  await sleep(1_000 * (STOPPED + 2))
  process.kill(api.part.pid, 'SIGCONT')
  expect(await codesWithin(4)).not.toContain('CHAIN_STOPPED')
})

it('reports a rollup after thirty seconds by default, and a devnet never', { timeout: 90_000 }, async () => {
  await stopMining()
  const start = performance.now()
  const codes = () => Promise.all(others.map(async ({ url }) => (await readiness(url)).includes('CHAIN_STOPPED')))
  await expect.poll(codes, { timeout: 60_000, interval: 500 }).toEqual([true, false, false])
  const seconds = (performance.now() - start) / 1_000
  expect(seconds).toBeGreaterThan(DEFAULT - 2)
  expect(seconds).toBeLessThan(DEFAULT + 10)
  expect(await codes()).toEqual([true, false, false])
  await continueMining()
})
