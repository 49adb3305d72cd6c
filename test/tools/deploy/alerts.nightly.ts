import { setTimeout as sleep } from 'node:timers/promises'
import getPort from 'get-port'
import pg from 'pg'
import { parseEther } from 'viem'
import { beforeAll, describe, expect, it } from 'vitest'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { type Api, type ApiOptions, startApi } from '../../../tools/devnet/api.ts'
import { type Indexer, startIndexer } from '../../../tools/devnet/indexer.ts'
import { claimApi } from '../../e2e/claims/claimApi.ts'
import { until } from '../../e2e/claims/claimsOnChain.ts'
import { startAudit } from '../../support/audit.ts'
import { startFakeKms } from '../../support/fakeKms.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { type Alert, prometheus, readRules, startPrometheus } from '../../support/prometheus.ts'
import { type RpcProxy, startRpcProxy } from '../../support/rpcProxy.ts'

if (prometheus === undefined) console.warn('The drill of the alerts is skipped: install prometheus, or set PROMETHEUS.')

const keyId = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
const remoteSigner = accountOf(18)
const relayer = accountOf(roles.relayer).address

/** The thresholds of the rules: a minute without an answer or a block, two minutes without a mined transaction. */
const SILENT_MS = 62_000
const STUCK_SECONDS = 121

let market: TestMarket
let indexer: Indexer
let node: RpcProxy
let kms: Awaited<ReturnType<typeof startFakeKms>>
let second: Api
let third: Api
let audit: Awaited<ReturnType<typeof startAudit>>
let watch: Awaited<ReturnType<typeof startPrometheus>>
let people: Participants
let agent: Agent
let pool: pg.Pool
const ports = { first: 0, second: 0, third: 0, audit: 0 }

const startSecond = (more: Partial<ApiOptions> = {}) =>
  startApi({
    ...market,
    port: 0,
    opsPort: ports.second,
    rpcUrl: node.url,
    env: { ...kms.env, RELAYER_KMS_KEYS: keyId },
    ...more,
  })

/** The alert for a late audit fires after three intervals. */
const startAudits = (every: string) => startAudit({ ...market, port: ports.audit }, every)

/** Two API processes: the first with a local key, the second with one in KMS and a node with faults. */
async function startAll() {
  await using parts = new AsyncDisposableStack()
  for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await getPort()
  market = await startTestMarket({ api: { opsPort: ports.first } })
  parts.defer(market.stop)
  indexer = market.indexer
  parts.defer(() => indexer.stop())
  node = await startRpcProxy(market.rpcUrl)
  parts.defer(node.stop)
  kms = await startFakeKms(keyId, keyOf(18))
  parts.defer(kms.stop)
  second = await startSecond()
  parts.defer(() => second.stop())
  third = await startApi({ ...market, port: 0, opsPort: ports.third })
  parts.defer(() => third.stop())
  const beforeAudits = await market.client.getBlockNumber({ cacheTime: 0 })
  audit = await startAudits('60s')
  parts.defer(() => audit.stop())
  pool = new pg.Pool({ connectionString: market.databaseUrl })
  pool.on('error', () => undefined)
  parts.defer(() => pool.end())
  await market.client.setBalance({ address: remoteSigner.address, value: parseEther('1') })
  people = participantsOf(market)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  const local = (port: number) => `127.0.0.1:${port}`
  watch = await startPrometheus({
    'runline-api': [local(ports.first), local(ports.second), local(ports.third)],
    'runline-indexer': [local(indexer.port)],
    'runline-audit': [local(ports.audit)],
  })
  parts.defer(() => watch.stop())
  await audit.compared(market, beforeAudits)
  await market.indexed()
  const kept = parts.move()
  return () => kept.disposeAsync()
}

/** Waits until the alert fires. @param labels those of its labels that must be these. */
async function fires(name: string, labels: Record<string, string> = {}, milliseconds = 60_000) {
  const matches = (alert: Alert) =>
    alert.labels.alertname === name && Object.entries(labels).every(([key, value]) => alert.labels[key] === value)
  let names: unknown[] = []
  const isFiring = async () => {
    await sleep(200)
    const alerts = await watch.firing()
    names = alerts.map(({ labels }) => labels.alertname)
    return alerts.some(matches)
  }
  await until(`${name} ${JSON.stringify(labels)}`, isFiring, milliseconds).catch((error) => {
    throw new Error(`${error.message}, while these fired: ${names.join()}`)
  })
}

const firingNames = async () => (await watch.firing()).map(({ labels }) => labels.alertname)

/** Makes a signed claim: only the devnet's own relayer may make others. */
const claim = async (api: Api, run: bigint) => claimApi(api.url).claim(run, agent, await people.sign(run, agent))

/** Reads by different URLs, which the response cache does not have. Pages farther than these wait for each other elsewhere. */
const NEAR_PAGES = 1_500
let page = 1
const readUncached = (api: Api, count: number) =>
  Promise.all(
    Array.from(
      { length: count },
      async () => (await fetch(`${api.url}/api/agents?limit=1&page=${1 + (page++ % NEAR_PAGES)}`)).status,
    ),
  )

/** Has each read of a view first evaluate an expression. @returns a function that restores the view. */
async function disturb(view: string, expression: string) {
  const { rows } = await pool.query<{ definition: string }>(
    `SELECT pg_get_viewdef('runline.${view}'::regclass) AS definition`,
  )
  const definition = String(rows[0]?.definition).replace(/;$/, '')
  await pool.query(
    `CREATE OR REPLACE VIEW runline.${view} AS
     SELECT original.* FROM (${definition}) AS original WHERE (SELECT ${expression})`,
  )
  return () => pool.query(`CREATE OR REPLACE VIEW runline.${view} AS ${definition}`)
}

/** Does the work while no other session can read or change the table. */
async function whileLocked(table: string, work: () => Promise<void>) {
  const client = await pool.connect()
  try {
    await client.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`)
    await work()
  } finally {
    await client.query('ROLLBACK')
    client.release()
  }
}

/** The schema of the tables that readers see. */
async function servedSchema(): Promise<string> {
  const { rows } = await pool.query<{ schema: string }>(
    `SELECT quote_ident(table_schema) AS schema FROM information_schema.view_table_usage
     WHERE view_schema = 'runline' AND view_name = 'run'`,
  )
  return String(rows[0]?.schema)
}

describe.runIf(prometheus)('each alert fires at its failure', () => {
  beforeAll(startAll, 300_000)

  it('none while everything works', async () => {
    for (const api of [market.api, second]) {
      const run = await people.openRun(usdc)
      await until('claimed', async () => (await claim(api, run)).status === 200)
    }
    for (let second = 0; second < 10; second++) {
      expect((await fetch(`${market.api.url}/api/agents/${agent.id}`)).status).toBe(200)
      await sleep(1_000)
    }
    expect(await watch.query('up == 0')).toEqual([])
    expect(await watch.query('count(up)')).toMatchObject([{ value: 5 }])
    expect(await firingNames()).toEqual([])
  })

  it('one dead API process of three', async () => {
    await third.stop()
    await fires('ProcessDown', { job: 'runline-api', instance: `127.0.0.1:${ports.third}` })
    expect(await firingNames()).toEqual(['ProcessDown'])
  })

  it('an audit that restarts again and again, and so compares nothing', async () => {
    for (let restart = 0; restart < 5; restart++) {
      await audit.stop()
      audit = await startAudits('1s')
      // Until Prometheus has scraped it.
      await sleep(2_500)
    }
    await fires('ProcessRestarts', { job: 'runline-audit' })
    await fires('AuditLate', { job: 'runline-audit' })
  })

  it('a defect in an answer, once', async () => {
    const restore = await disturb('agent', '1 / 0 = 0')
    expect(await readUncached(market.api, 1)).toEqual([500])
    await restore()
    await fires('ServerErrors')
  })

  it('a database that is too slow', async () => {
    const restore = await disturb('agent', 'pg_sleep(0.6) IS NOT NULL')
    const flood = setInterval(() => void readUncached(market.api, 60).catch(() => undefined), 1_000)
    try {
      await fires('ReadPoolExhausted')
      await fires('SlowReads')
    } finally {
      clearInterval(flood)
      await restore()
    }
  })

  it('an indexer that waits for a lock', async () => {
    // Each of its blocks writes this table, and answers do not read it.
    await whileLocked(`${await servedSchema()}.highest_block`, async () => {
      await fires('IndexBehind')
    })
    // Its statement timed out, which Ponder does not survive.
    expect(await indexer.part.ended).toBe('exited with code 75')
    indexer = await startIndexer({ ...market, port: indexer.port })
  })

  it('keys that do not sign, or have nothing left', async () => {
    kms.failAlways({ status: 400, type: 'AccessDeniedException' })
    const run = await people.openRun(usdc)
    // Five a minute would do: the ratio counts.
    for (let count = 0; count < 12; count++) {
      expect((await claim(second, run)).status).toBe(503)
      await sleep(300)
    }
    await fires('SignerNotSigning', { signer: remoteSigner.address })
    await fires('ClaimsRefused')
    await fires('ClaimsFailFast')
    await fires('ClaimsFailSlowly')
    kms.failAlways()
    const balance = await market.client.getBalance({ address: relayer })
    await market.client.setBalance({ address: relayer, value: 1n })
    await fires('SignerFundsLow', { signer: relayer })
    await market.client.setBalance({ address: relayer, value: balance })
    const spend = (wei: bigint) =>
      pool.query('UPDATE relay.tx SET fee = fee + $1 WHERE id = (SELECT min(id) FROM relay.tx)', [wei])
    await spend(parseEther('0.95'))
    await fires('GasBudgetLow')
    await spend(-parseEther('0.95'))
  })

  it('a node that counts a signer’s transactions implausibly', async () => {
    // The signer of the last test rests for a while.
    const isSigning = async () => (await claim(second, await people.openRun(usdc))).status === 200
    await until('signing', isSigning, 60_000)
    node.from(({ method }) => (method === 'eth_getTransactionCount' ? { kind: 'nonce', by: 1_000 } : undefined))
    await claim(second, await people.openRun(usdc))
    await fires('SignerResting', { signer: remoteSigner.address })
    node.heal()
  })

  it('an index that differs from the chain', { timeout: 150_000 }, async () => {
    const schema = await servedSchema()
    const client = await pool.connect()
    // Without Ponder's triggers, which would record the change as one of a block.
    await client.query('SET session_replication_role = replica')
    await client.query(`UPDATE ${schema}.run SET reward = reward + 1 WHERE bounty_id = 1`)
    await audit.compared(market)
    await fires('IndexDiffers')
    await client.query(`UPDATE ${schema}.run SET reward = reward - 1 WHERE bounty_id = 1`)
    client.release(true)
  })

  it('a contract that lacks USDC', async () => {
    const { address } = market.staking
    await market.client.impersonateAccount({ address })
    await market.client.setBalance({ address, value: parseEther('1') })
    await people.mined(() => market.usdc.write.transfer([relayer, 2n * usdc], { account: address }))
    await fires('ReservesMissing', { contract: 'staking' })
    await people.mined(() => market.usdc.write.mint([address, 2n * usdc]))
  })

  it('a transaction that is not mined', async () => {
    const run = await people.openRun(usdc)
    await market.client.setAutomine(false)
    await market.client.setIntervalMining({ interval: 0 })
    void claim(market.api, run).catch(() => undefined)
    await until('sent', async () => (await market.client.getTxpoolStatus()).pending === 1)
    await pool.query(
      `UPDATE relay.attempt SET signed_at = signed_at - make_interval(secs => $1)
       FROM relay.tx WHERE tx.id = attempt.tx AND tx.state IN ('signed', 'accepted')`,
      [STUCK_SECONDS],
    )
    await fires('SignerStuck', { signer: relayer })
    await market.client.setAutomine(true)
    await market.client.setIntervalMining({ interval: 1 })
  })

  it('a node that is silent or does not follow the chain, and no indexer', { timeout: 240_000 }, async () => {
    // The third process has a node that is silent, and a key whose store is away. The second's node stays at a block.
    const silent = await startRpcProxy(market.rpcUrl)
    const away = await startFakeKms(keyId, keyOf(18))
    await away.stop()
    const env = { ...away.env, RELAYER_KMS_KEYS: keyId }
    third = await startApi({ ...market, port: 0, opsPort: ports.third, rpcUrl: silent.url, env })
    const frozen = await market.client.getBlockNumber()
    silent.from(() => ({ kind: 'hang' }))
    node.from(async () => ({ kind: 'stale', blocks: Number((await market.client.getBlockNumber()) - frozen) }))
    await indexer.stop()
    await fires('KeyAbsent')
    await fires('IndexerDown')
    await fires('IndexBehind', {}, 60_000)
    await fires('NodeSilent', { instance: `127.0.0.1:${ports.third}` }, SILENT_MS)
    await fires('ChainStopped', { instance: `127.0.0.1:${ports.second}` }, SILENT_MS)
    await Promise.all([third.stop(), silent.stop()])
    node.heal()
  })

  it('reads that wait for a lock until they time out', async () => {
    await whileLocked(`${await servedSchema()}.head`, () => fires('ReadsRefused'))
  })

  it('no API process', async () => {
    await Promise.all([market.api.stop(), second.stop()])
    await fires('ApiDown')
  })

  it('so that every alert has fired', async () => {
    const series = await watch.query('count by (alertname) (count_over_time(ALERTS{alertstate="firing"}[30m]))')
    const fired = series.map(({ labels }) => labels.alertname)
    const { groups } = await readRules()
    const alerts = groups.flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? []))
    expect(alerts.filter((name) => !fired.includes(name))).toEqual([])
  })
})
