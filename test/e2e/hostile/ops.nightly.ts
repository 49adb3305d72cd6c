import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { type Api, startApi } from '../../../tools/devnet/api.ts'
import { startProcess } from '../../../tools/devnet/managedProcess.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { type RpcProxy, startRpcProxy } from '../../support/rpcProxy.ts'
import { claimApi, codeOf } from '../claims/claimApi.ts'
import { until } from '../claims/claimsOnChain.ts'

const relayer = accountOf(roles.relayer).address

/** The number of clients that flood a route, and for how long. */
const FLOODERS = 64
const FLOOD_SECONDS = 4

let market: TestMarket
let node: RpcProxy
let api: Api
let people: Participants
let agent: Agent
let pool: pg.Pool

/** The API's own role in PostgreSQL: what is set for it does not apply to the indexer. */
const role = `api_${randomBytes(6).toString('hex')}`

/** The market's own API has no relay; another API has one, behind a node that counts its calls. */
beforeAll(async () => {
  market = await startTestMarket({ api: { relayerKey: undefined } })
  node = await startRpcProxy(market.rpcUrl)
  pool = new pg.Pool({ connectionString: market.databaseUrl })
  await pool.query(`CREATE ROLE ${role} LOGIN SUPERUSER PASSWORD '${role}'`)
  const databaseUrl = new URL(market.databaseUrl)
  databaseUrl.username = role
  databaseUrl.password = role
  const relaying = { relayerKey: keyOf(roles.relayer), rpcUrl: node.url, databaseUrl: databaseUrl.href }
  api = await startApi({ ...market, port: 0, ...relaying })
  people = participantsOf(market)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  return async () => {
    await api.stop()
    await pool.query(`REASSIGN OWNED BY ${role} TO CURRENT_USER`)
    await pool.query(`DROP ROLE ${role}`)
    await pool.end()
    await node.stop()
    await market.stop()
  }
}, 120_000)

describe('clients that flood /readyz', () => {
  /** Transactions of the database so far; PostgreSQL's processes report them once a second. */
  async function transactions() {
    await sleep(1_500)
    const text = 'SELECT xact_commit::int AS count FROM pg_stat_database WHERE datname = current_database()'
    return (await pool.query<{ count: number }>(text)).rows[0]?.count ?? 0
  }

  /** Sends requests continuously. @returns each distinct answer, and the number of answers. */
  async function flood() {
    const end = performance.now() + 1_000 * FLOOD_SECONDS
    const bodies = new Set<string>()
    let count = 0
    const client = async () => {
      for (; performance.now() < end; count++) bodies.add(await (await fetch(`${api.url}/readyz`)).text())
    }
    await Promise.all(Array.from({ length: FLOODERS }, client))
    return { bodies: [...bodies], count }
  }

  it('make the process read once a second, and do not keep an honest claim from its 200', async () => {
    const runId = await people.openRun(usdc)
    const signed = await people.sign(runId, agent)
    const before = await transactions()
    await sleep(1_000 * FLOOD_SECONDS)
    const calm = (await transactions()) - before

    let balances = 0
    node.from(({ method }) => {
      if (method === 'eth_getBalance') balances++
      return undefined
    })
    const start = await transactions()
    const { bodies, count } = await flood()
    const flooded = (await transactions()) - start
    // A claim reads its signer's balance too.
    const asked = balances
    const [claim] = await Promise.all([claimApi(api.url).claim(runId, agent, signed), flood()])
    node.heal()

    // Proves that there was a flood.
    expect(count).toBeGreaterThan(100)
    expect(asked).toBeLessThanOrEqual(FLOOD_SECONDS + 3)
    // One check takes a few statements; the process's other statements vary a little over time.
    expect(flooded - calm).toBeLessThan(150)
    expect(claim.status).toBe(200)
    expect(bodies.flatMap((body) => JSON.parse(body).reasons)).toEqual([])
  })
})

describe('the operator’s port', () => {
  const statusOf = async (url: string) => (await fetch(url)).status

  it('can be reached from this machine only', async () => {
    expect(await statusOf(`${api.opsUrl}/metrics`)).toBe(200)
    const balance = await market.client.getBalance({ address: relayer })
    expect(await (await fetch(`${api.opsUrl}/status`)).json()).toMatchObject({
      status: 'ready',
      reasons: [],
      signers: [{ signer: relayer, balance: `${balance}`, budget: '1000000000000000000' }],
    })

    const { port } = new URL(api.opsUrl)
    // Another address of this machine, as its network address is.
    const socket = connect(Number(port), '127.0.0.2')
    expect(await once(socket, 'connect').catch((error) => error.code)).toBe('ECONNREFUSED')
    expect(await statusOf(`http://127.0.0.2:${api.port}/healthz`)).toBe(200)
  })

  it('has the only copy of its routes', async () => {
    for (const path of ['/metrics', '/status', '/metrics/', '//metrics', '/readyz/status']) {
      expect([path, await statusOf(api.url + path)]).toEqual([path, 404])
    }
  })

  it('keeps its details out of the public /readyz', async () => {
    const balance = await market.client.getBalance({ address: relayer })
    await market.client.setBalance({ address: relayer, value: 1n })
    const readiness = async () => (await fetch(`${api.url}/readyz`)).text()
    await until('out of funds', async () => (await readiness()).includes('RELAYER_OUT_OF_FUNDS'))
    expect(JSON.parse(await readiness()).reasons).toEqual([
      { code: 'RELAYER_OUT_OF_FUNDS', detail: 'A relayer cannot pay for a claim.', affects: 'claims' },
    ])
    expect((await readiness()).toLowerCase()).not.toContain(relayer.slice(2).toLowerCase())
    await market.client.setBalance({ address: relayer, value: balance })
    await until('ready', async () => (await readiness()).includes('"ready"'))
  })
})

describe('a database that refuses writes for a while, as after a failover', () => {
  /** Makes the API's new connections read-only; the relay's connections are closed and reopened. */
  async function takeNoWrites() {
    await pool.query(`ALTER ROLE ${role} SET default_transaction_read_only = on`)
    await pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'runline_relay%' AND datname = current_database()`,
    )
  }

  it('answers claims with 503, and stops using read-only connections soon afterwards', async () => {
    const runId = await people.openRun(usdc)
    const claims = claimApi(api.url)
    const signed = await people.sign(runId, agent)
    await takeNoWrites()
    const answers = []
    for (let tried = 0; tried < 5; tried++) answers.push(codeOf(await claims.claim(runId, agent, signed)))
    expect(answers).toEqual(Array(5).fill([503, 'RELAY_UNAVAILABLE']))

    await pool.query(`ALTER ROLE ${role} RESET default_transaction_read_only`)
    // The open connections refuse writes until they are closed. Each may fail once.
    let tries = 0
    await until('claimed', async () => {
      tries++
      return (await claims.claim(runId, agent, signed)).status === 200
    })
    expect(tries).toBeLessThan(15)
    const { rows } = await pool.query(
      `SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name LIKE 'runline_relay%' AND datname = current_database()`,
    )
    expect(rows[0].count).toBeGreaterThan(0)
  })
})

describe('Ctrl-C, which npm forwards', () => {
  it('ends the indexer cleanly', { timeout: 90_000 }, async () => {
    await market.indexer.stop()
    const indexer = await startProcess({
      name: 'npm run start:indexer',
      command: 'npm',
      args: ['run', 'start:indexer'],
      env: {
        DATABASE_URL: market.databaseUrl,
        DATABASE_SCHEMA: 'runline',
        CHAIN_ID: String(market.chainId),
        RPC_URL: market.rpcUrl,
        DEPLOYMENTS_DIR: market.deploymentsDirectory,
        PONDER_PORT: new URL(market.indexer.url).port,
        PORT: undefined,
        LOG_LEVEL: 'info',
      },
    })
    await indexer.saw(/Indexed block/, 60_000)
    process.kill(-indexer.pid, 'SIGINT')
    expect(await indexer.ended).toBe('exited with code 0')
    expect(indexer.output()).toContain('Started shutdown sequence')
    expect(indexer.output()).not.toContain('Failed to shutdown')
    const { rows: builds } = await pool.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE tablename = '_ponder_meta'`,
    )
    const locks = await Promise.all(
      builds.map(async ({ name }) => (await pool.query(`SELECT value->>'is_locked' AS locked FROM ${name}`)).rows[0]),
    )
    expect(locks).toEqual([{ locked: '0' }])
    await indexer.stop()
  })
})
