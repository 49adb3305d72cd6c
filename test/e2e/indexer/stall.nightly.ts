import { setTimeout as sleep } from 'node:timers/promises'
import { numberToHex } from 'viem'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { connect } from '../../../ops/database/connect.ts'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { type Api, startApi } from '../../../tools/devnet/api.ts'
import { startProcess } from '../../../tools/devnet/managedProcess.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type ChooseFault, type RpcProxy, startRpcProxy } from '../../support/rpcProxy.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'

/** Seconds: longer than a start takes, even on a busy machine. */
const STALL = 6

let chain: TestChain
let proxy: RpcProxy
let databaseUrl: string
let choose: ChooseFault = () => undefined

beforeAll(async () => {
  ;[chain, databaseUrl] = await Promise.all([startTestChain(), freshDatabase()])
  proxy = await startRpcProxy(chain.rpcUrl, (call) => choose(call))
})

afterAll(async () => {
  await proxy?.stop()
  await chain?.stop()
})

/**
 * The indexer of `npm run start:indexer`, whose node is behind the proxy.
 * @param onLine Called with each line of its log, of which `output` has the last ones only.
 */
async function startIndexer(env: Record<string, string> = {}, onLine?: (line: string) => void) {
  const indexer = await startProcess({
    name: 'The indexer',
    command: process.execPath,
    args: ['ops/startIndexer.ts'],
    onLine,
    env: {
      DATABASE_URL: databaseUrl,
      DATABASE_SCHEMA: 'runline',
      CHAIN_ID: '31337',
      RPC_URL: proxy.url,
      DEPLOYMENTS_DIR: chain.deploymentsDirectory,
      PONDER_PORT: '0',
      PORT: undefined,
      STALL_SECONDS: String(STALL),
      LOG_LEVEL: 'info',
      ...env,
    },
  })
  onTestFinished(indexer.stop)
  return indexer
}

/** An API with its own connection to the chain. */
function startWatchingApi(): Promise<Api> {
  return startApi({ ...chain, databaseUrl, env: { STALL_SECONDS: String(STALL) } })
}

const atTip = async () => waitForIndex(databaseUrl, await chain.client.getBlockNumber({ cacheTime: 0 }), 120_000)

async function readiness({ url }: Api) {
  const response = await fetch(`${url}/readyz`)
  return { status: response.status, body: await response.json() }
}

async function figure({ opsUrl }: Api, name: string) {
  const text = await (await fetch(`${opsUrl}/metrics`)).text()
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1])
}

async function until(condition: () => Promise<boolean>, what: string) {
  for (const deadline = Date.now() + 60_000; !(await condition()); await sleep(200)) {
    if (Date.now() > deadline) throw new Error(`Not reached within a minute: ${what}`)
  }
}

test('an index that falls behind the chain raises an alarm and exits with 75, and follows after a restart', {
  timeout: 300_000,
}, async () => {
  const indexer = await startIndexer()
  await indexer.saw(/Readers see this build/, 60_000)
  const api = await startWatchingApi()
  onTestFinished(api.stop)
  await atTip()
  expect(await readiness(api)).toMatchObject({ status: 200 })
  expect(await figure(api, 'index_stalled_seconds')).toBeLessThan(STALL)

  // The node returns the number of the latest block, and never answers a request for a block.
  choose = ({ method }) => (/getBlockBy|getLogs/.test(method) ? { kind: 'hang' } : undefined)
  onTestFinished(() => {
    choose = () => undefined
  })
  await Promise.all([
    indexer.saw(/The chain moves and the index does not/, 60_000),
    api.part.saw(/The chain moves and head does not/, 60_000),
  ])
  expect(await indexer.ended).toBe('exited with code 75')
  const { status, body } = await readiness(api)
  expect(status).toBe(503)
  expect(body).toMatchObject({
    status: 'unready',
    reasons: expect.arrayContaining([
      expect.objectContaining({
        code: 'INDEX_STALLED',
        detail: expect.stringMatching(/has not moved from \d+ for \d+ s/),
      }),
    ]),
  })
  expect(await figure(api, 'index_stalled_seconds')).toBeGreaterThanOrEqual(STALL)

  // A start whose node does not answer reverts nothing.
  choose = () => ({ kind: 'refuse' })
  await using client = await connect(databaseUrl)
  const head = async () => (await client.query('SELECT number FROM runline.head')).rows
  const before = await head()
  expect(await (await startIndexer()).ended).toBe('exited with code 75')
  expect(await head()).toEqual(before)

  choose = () => undefined
  await startIndexer()
  await atTip()
  await until(async () => (await readiness(api)).status === 200, 'ready again')
})

test('a backfill that stops ends with 75, before there is a head', { timeout: 120_000 }, async () => {
  await using parts = new AsyncDisposableStack()
  const backfillUrl = await freshDatabase()
  const locker = parts.use(await connect(backfillUrl))
  const hash = await chain.registry.write.register(['ipfs://any'], { account: accountOf(roles.owner) })
  const { blockNumber } = await chain.client.waitForTransactionReceipt({ hash })
  // More than are not final, so that the block is of the backfill.
  await chain.client.mine({ blocks: 100 })
  choose = async ({ method, params: [block] }) => {
    if (method !== 'eth_getBlockByNumber' || block !== numberToHex(blockNumber)) return undefined
    // Before there is the table, the block is read to measure the time between blocks.
    const { rows } = await locker.query(
      `SELECT FROM pg_tables WHERE schemaname = 'ponder_sync' AND tablename = 'blocks'`,
    )
    // Within the transaction of an interval, which then waits for the lock, as all later ones do.
    if (rows.length > 0) await locker.query('BEGIN; LOCK TABLE ponder_sync.blocks IN EXCLUSIVE MODE')
    return undefined
  }
  onTestFinished(() => {
    choose = () => undefined
  })
  // The blocks mined at once make the measured time between blocks short, and the event's block must be final.
  const indexer = await startIndexer({ DATABASE_URL: backfillUrl, REORG_WINDOW_SECONDS: '5' })
  await indexer.saw(/The chain moves and the index does not/, 60_000)
  expect(await indexer.ended).toBe('exited with code 75')
  const { rows } = await locker.query<{ build: string }>(
    `SELECT schemaname AS build FROM pg_tables WHERE tablename = 'head' AND schemaname LIKE 'runline%'`,
  )
  expect((await locker.query(`SELECT FROM ${rows[0]?.build}.head`)).rowCount).toBe(0)
})

test('a backfill whose node answers slowly is not ended', { timeout: 120_000 }, async () => {
  await chain.client.mine({ blocks: 60 })
  const settings = { RPC_REQUESTS_PER_SECOND: '5', POLL_INTERVAL_MS: '1000', LOGS_RANGE: '1' }
  const indexer = await startIndexer({ DATABASE_URL: await freshDatabase(), ...settings })
  await indexer.saw(/Started fetching backfill/, 60_000)
  expect(await Promise.race([indexer.ended, sleep(2_500 * STALL, 'still running')])).toBe('still running')
  expect(indexer.output()).not.toContain('Indexed block range')
})

test('an indexer whose build another process runs exits with 75', async () => {
  const indexer = await startIndexer()
  await indexer.saw(/Indexed block/, 60_000)
  const second = await startIndexer()
  expect(await second.ended).toBe('exited with code 75')
  expect(second.output()).toContain('Another process runs the build')
})

test('an indexer whose node is behind the finalized block of the index exits with 75, and starts once the node has it', async () => {
  let finalized = 0
  // Of a minute, more blocks than the test mines may not be final.
  const indexer = await startIndexer({ REORG_WINDOW_SECONDS: '5' }, (line) => {
    finalized = Number(/"Finalized block".*"number":(\d+)/.exec(line)?.[1] ?? finalized)
  })
  await indexer.saw(/Indexed block/, 60_000)
  await atTip()
  await chain.client.mine({ blocks: 200 })
  const latestOfNode = Number(await chain.client.getBlockNumber({ cacheTime: 0 })) - 200
  // Ponder stores a finalized block once it has indexed twice as many blocks as finality takes. The node must lack it.
  await until(async () => finalized > latestOfNode, 'a block is finalized that the node lacks')
  await atTip()
  await indexer.stop()
  choose = () => ({ kind: 'stale', blocks: 200 })
  onTestFinished(() => {
    choose = () => undefined
  })
  const behind = await startIndexer({ REORG_WINDOW_SECONDS: '5' })
  expect(await behind.ended).toBe('exited with code 75')
  expect(behind.output()).toMatch(/Block at number .* could not be found/)

  choose = () => undefined
  await startIndexer({ REORG_WINDOW_SECONDS: '5' })
  await chain.client.mine({ blocks: 1 })
  await atTip()
})

test('an indexer that cannot run as configured exits with 1', async () => {
  const indexer = await startIndexer({ DEPLOYMENTS_DIR: '/nowhere' })
  expect(await indexer.ended).toBe('exited with code 1')
})
