import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { startPostgres } from '../../../tools/devnet/postgres.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { startStandby } from '../../support/standby.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { claimApi } from '../claims/claimApi.ts'

/** Claims, each sent to one replica and read on another; set STANDBY_CLAIMS higher for a longer run. */
const claims = Number(process.env.STANDBY_CLAIMS ?? 60)

let chain: TestChain
let people: Participants
let agent: Agent
/** The URLs of the API replicas. The first two read from the standby, the last from the primary. */
let replicas: string[]
let primary: pg.Client
let standby: pg.Client
let database: string

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  const server = await startPostgres()
  parts.defer(server.stop)
  // Replay cancels conflicting reads at once; by default only after 30 seconds.
  const replica = await startStandby(server, { max_standby_streaming_delay: '0' })
  parts.defer(replica.stop)
  chain = await startTestChain()
  parts.defer(chain.stop)
  const databaseUrl = await server.createDatabase()
  const market = { ...chain, databaseUrl }
  const indexer = await startIndexer(market)
  parts.defer(indexer.stop)
  await waitForIndex(databaseUrl, await chain.client.getBlockNumber())

  const readUrl = replica.urlOf(databaseUrl)
  const reading = { DATABASE_READ_URL: readUrl }
  const apis = await Promise.all(
    [reading, reading, {}].map((env) => startApi({ ...market, env, relayerKey: keyOf(roles.relayer) })),
  )
  for (const api of apis) parts.defer(api.stop)
  replicas = apis.map(({ url }) => url)
  primary = await connect(databaseUrl, parts)
  // Connects to another database, so that replay in the market's database does not cancel the test's statements.
  standby = await connect(replica.url, parts)
  database = new URL(databaseUrl).pathname.slice(1)
  people = participantsOf(chain)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 120_000)

async function connect(url: string, parts: AsyncDisposableStack) {
  const client = new pg.Client({ connectionString: url, options: '-c search_path=runline' })
  await client.connect()
  parts.defer(() => client.end())
  return client
}

const replicaOf = (place: number) => claimApi(replicas[place % replicas.length] ?? '')

/** A replica's answer for a run at the claim's block or a later one. */
async function readBack(place: number, runId: bigint, block: number) {
  const { status, headers, body } = await replicaOf(place).get(`/api/runs/${runId}?minBlock=${block}`)
  const indexed = Number(headers.get('X-Indexed-Block'))
  return { status, claimedBy: body.claimedBy, state: body.state, isStale: indexed < block }
}

const shown = () => ({ status: 200, claimedBy: Number(agent.id), state: 'CLAIMED', isStale: false })

async function claimOn(place: number, runId: bigint): Promise<number> {
  const { status, body } = await replicaOf(place).claim(runId, agent)
  expect([status, body.success], JSON.stringify(body)).toEqual([200, true])
  return body.blockNumber
}

test(`${claims} claims, each on one replica, are read on the others`, {
  timeout: 60_000 + 1_000 * claims,
}, async () => {
  for (let done = 1; done <= claims; done++) {
    const runId = await people.openRun(usdc)
    const block = await claimOn(done, runId)
    const others = await Promise.all([done + 1, done + 2].map((place) => readBack(place, runId, block)))
    expect(others, `claim ${done}`).toEqual([shown(), shown()])
    const list = await replicaOf(done + 1).get(`/api/runs?claimedBy=${agent.id}&limit=1&minBlock=${block}`)
    expect(list.body.pagination?.total, `claim ${done}`).toBe(done)
  }
})

/** The standby still receives the log, and does not apply it. */
async function pauseReplay() {
  await standby.query('SELECT pg_wal_replay_pause()')
  const state = async () => (await standby.query('SELECT pg_get_wal_replay_pause_state() AS state')).rows[0].state
  await expect.poll(state).toBe('paused')
}

test('while the standby lags, its replicas wait, or answer 503 INDEX_BEHIND', async () => {
  const runId = await people.openRun(usdc)
  await chain.client.mine({ blocks: 1 })
  await pauseReplay()
  const block = await claimOn(2, runId)
  const behind = await replicaOf(0).get(`/api/runs/${runId}?minBlock=${block}`)
  expect([behind.status, behind.body.code, behind.headers.get('Retry-After')]).toEqual([503, 'INDEX_BEHIND', '1'])
  expect(behind.body.indexedBlock).toBeLessThan(block)
  expect(await readBack(2, runId, block)).toEqual(shown())

  const waiting = Promise.all([0, 1].map((place) => readBack(place, runId, block)))
  await sleep(1_000)
  await standby.query('SELECT pg_wal_replay_resume()')
  expect(await waiting).toEqual([shown(), shown()])
})

test('a claim through a replica whose standby lags is answered once the standby shows it', async () => {
  const runId = await people.openRun(usdc)
  await pauseReplay()
  const claiming = claimOn(0, runId)
  await sleep(1_500)
  await standby.query('SELECT pg_wal_replay_resume()')
  expect(await readBack(1, runId, await claiming)).toEqual(shown())
})

test('reads that the standby cancels during replay are retried, or answered 503 INDEX_BEHIND', {
  timeout: 60_000,
}, async () => {
  const runId = await people.openRun(usdc)
  const block = await claimOn(0, runId)
  const before = await canceled()
  let isOver = false
  const answers = new Map<string, number>()
  const reading = Array.from({ length: 8 }, async (_, reader) => {
    for (let asked = 0; !isOver; asked++) {
      // A new URL each time, so that no cache answers it.
      const path = `/api/runs?claimedBy=${agent.id}&limit=${1 + (asked % 100)}&minReward=0.${asked % 10}${1 + reader}`
      const { status, body } = await replicaOf(reader % 2).get(`${path}&minBlock=${block}`)
      const answer = status === 200 ? `200 ${body.pagination.total > 0}` : `${status} ${body.code}`
      answers.set(answer, (answers.get(answer) ?? 0) + 1)
    }
  })
  // As Ponder locks it in a reorg.
  const tables = await Promise.all(['run', 'head'].map(tableOf))
  const arrived = () => answers.get('200 true') ?? 0
  // Readers get answers between the locks: on a slow machine the locks go on until enough have.
  for (let locked = 0; locked < 200 || arrived() <= 100; locked++) {
    await primary.query(`BEGIN; LOCK TABLE ${tables} IN ACCESS EXCLUSIVE MODE; COMMIT`)
    await sleep(20)
  }
  isOver = true
  await Promise.all(reading)
  // Proves that reads were canceled.
  expect((await canceled()) - before).toBeGreaterThan(0)
  expect([...answers.keys()].filter((answer) => !['200 true', '503 INDEX_BEHIND'].includes(answer))).toEqual([])
  console.log(`${(await canceled()) - before} reads were canceled; answers: ${JSON.stringify([...answers])}`)
})

/** The number of reads that the standby canceled because they held a lock that a replayed transaction needed. */
async function canceled(): Promise<number> {
  const { rows } = await standby.query(
    'SELECT confl_lock::int AS count FROM pg_stat_database_conflicts WHERE datname = $1',
    [database],
  )
  return rows[0].count
}

/** The table behind one of the views for readers. */
async function tableOf(view: string) {
  const { rows } = await primary.query(
    `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.view_table_usage WHERE view_schema = 'runline' AND view_name = $1`,
    [view],
  )
  return rows[0].name
}
