import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Api, startApi } from '../../../devnet/api.ts'
import { startProcess } from '../../../devnet/managedProcess.ts'
import { type ChooseFault, type RpcProxy, startRpcProxy } from '../../../sim/faults/rpcProxy.ts'
import { waitForIndex } from '../../../testkit/waitForIndex.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'

/** Seconds: longer than a start takes, even on a busy machine. */
const STALL = 6

let chain: TestChain
let proxy: RpcProxy
let databaseUrl: string
let choose: ChooseFault = () => undefined

/** The processes of the indexers that the supervisor started. */
const children: number[] = []

beforeAll(async () => {
  ;[chain, databaseUrl] = await Promise.all([startTestChain(), freshDatabase()])
  proxy = await startRpcProxy(chain.rpcUrl, (call) => choose(call))
})

afterAll(async () => {
  await proxy?.stop()
  await chain?.stop()
})

/** The supervisor and its indexer, whose node is behind the proxy. */
function startSupervisor(env: Record<string, string> = {}) {
  return startProcess({
    name: 'The supervisor',
    command: process.execPath,
    args: ['ops/superviseIndexer.ts'],
    env: {
      DATABASE_URL: databaseUrl,
      DATABASE_SCHEMA: 'runline',
      CHAIN_ID: '31337',
      RPC_URL: proxy.url,
      DEPLOYMENTS_DIR: chain.deploymentsDirectory,
      PONDER_PORT: '0',
      STALL_SECONDS: String(STALL),
      LOG_LEVEL: 'info',
      ...env,
    },
    onLine(line) {
      const [, child] = /"child":(\d+)/.exec(line) ?? []
      if (child) children.push(Number(child))
    },
    grace: 20_000,
  })
}

/** An API with its own connection to the chain. */
function startWatchingApi(): Promise<Api> {
  const { rpcUrl, deploymentsDirectory } = chain
  return startApi({ databaseUrl, chainId: 31337, rpcUrl, deploymentsDirectory, env: { STALL_SECONDS: String(STALL) } })
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

test('an index that falls behind the chain raises an alarm, and is restarted until it follows', {
  timeout: 400_000,
}, async () => {
  const supervisor = await startSupervisor()
  let api: Api | undefined
  try {
    await supervisor.saw(/Readers see this build/, 60_000)
    api = await startWatchingApi()
    await atTip()
    expect(await readiness(api)).toMatchObject({ status: 200 })
    expect(await figure(api, 'index_stalled_seconds')).toBeLessThan(STALL)

    // The node returns the number of the latest block, and never answers a request for a block.
    choose = ({ method }) => (/getBlockBy|getLogs/.test(method) ? { kind: 'hang' } : undefined)
    await Promise.all([
      supervisor.saw(/The chain moves and head does not/, 60_000),
      supervisor.saw(/The indexer ended and will be restarted/, 60_000),
      api.part.saw(/The chain moves and head does not/, 60_000),
    ])
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

    choose = () => undefined
    await atTip()
    await until(async () => (await readiness(api as Api)).status === 200, 'ready again')

    // The node is down: no restart helps until it recovers.
    choose = () => ({ kind: 'refuse' })
    const started = children.length
    process.kill(children.at(-1) ?? 0, 'SIGTERM')
    await until(async () => children.length > started, 'another indexer')
    await sleep(3_000)
    choose = () => undefined
    await atTip()
  } catch (error) {
    throw new Error(supervisor.output(), { cause: error })
  } finally {
    choose = () => undefined
    await api?.stop()
    await supervisor.stop()
  }
})

test('an indexer that cannot run as configured ends its supervisor', async () => {
  const supervisor = await startSupervisor({ DEPLOYMENTS_DIR: '/nowhere' })
  expect(await supervisor.ended).toBe('exited with code 1')
  expect(supervisor.output()).toContain('The indexer cannot run with its configuration')
})
