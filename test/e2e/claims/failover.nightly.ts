import pg from 'pg'
import { beforeAll, expect, it } from 'vitest'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { type Postgres, startPostgres } from '../../../tools/devnet/postgres.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { CLAIM_ROWS } from '../../support/relayRows.ts'
import { type Standby, startStandby } from '../../support/standby.ts'
import { startTcpProxy, type TcpProxy } from '../../support/tcpProxy.ts'
import { relayer, relayOn, requestOf, resultOf, until } from './claimsOnChain.ts'

const PENDING_CLAIMS = 5

let chain: TestChain
let people: Participants
let agent: Agent
let primary: Postgres
let standby: Standby
let address: TcpProxy
/** At the address. */
let databaseUrl: string
let relays: Relay[]

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  primary = await startPostgres()
  parts.defer(primary.stop)
  const primaryUrl = await primary.createDatabase()
  standby = await startStandby(primary)
  parts.defer(standby.stop)
  // A commit is done once the standby has it: what the relay stores must survive the primary.
  await configure('synchronous_standby_names', '*')
  address = await startTcpProxy(primary.port)
  parts.defer(address.stop)
  databaseUrl = address.urlOf(primaryUrl)
  chain = await startTestChain({})
  parts.defer(chain.stop)
  people = participantsOf(chain)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  const start = () => relayOn({ ...chain, databaseUrl })
  relays = [await start(), await start()]
  for (const relay of relays) parts.defer(relay.close)
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 120_000)

/** Sets it on the primary alone: the standby was copied before. */
async function configure(setting: string, value: string) {
  const client = new pg.Client({ connectionString: primary.url })
  await client.connect()
  await client.query(`ALTER SYSTEM SET ${setting} = '${value}'`)
  await client.query('SELECT pg_reload_conf()')
  await client.end()
}

/** Two replicas and one agent: the claims of a replica, each of a run of its own. */
const claimEach = (runIds: bigint[]) =>
  runIds.map((runId, place) => resultOf(relays[place % 2] as Relay, requestOf(runId, agent)))

it('claims that are pending when the database fails over to a standby are made once, and later ones follow them', {
  timeout: 60_000,
}, async () => {
  const runIds: bigint[] = []
  for (let opened = 0; opened < 2 * PENDING_CLAIMS + 1; opened++) runIds.push(await people.openRun(usdc))
  const pending = runIds.slice(0, PENDING_CLAIMS)
  const later = runIds.slice(PENDING_CLAIMS, -1)
  await chain.client.setAutomine(false)
  const pendingResults = claimEach(pending)
  await until(
    'all are sent',
    async () => (await chain.client.getTxpoolStatus()).pending > 0 && (await storedClaims()) === PENDING_CLAIMS,
  )

  process.kill(-primary.part.pid, 'SIGKILL')
  await primary.part.ended
  address.moveTo(standby.port)
  // The standby still takes no writes.
  expect(await resultOf(relays[0] as Relay, requestOf(runIds.at(-1) as bigint, agent), 1_000)).toBe('RELAY_UNAVAILABLE')

  await promote()
  await chain.client.setAutomine(true)
  await chain.client.mine({ blocks: 1 })
  for (const result of await Promise.all(pendingResults)) expect(['done', 'signed']).toContain(result)
  expect(await Promise.all(claimEach(pending))).toEqual(pending.map(() => 'done'))
  expect(await Promise.all(claimEach(later))).toEqual(later.map(() => 'done'))

  const claimed = await chain.market.getEvents.BountyClaimed({}, { fromBlock: 0n })
  expect(claimed).toHaveLength(2 * PENDING_CLAIMS)
  expect(new Set(claimed.map(({ args }) => args.bountyId))).toEqual(new Set([...pending, ...later]))
  const nonces = await query<{ nonce: number }>('SELECT nonce FROM relay.tx ORDER BY nonce')
  expect(nonces.map(({ nonce }) => Number(nonce))).toEqual(nonces.map((_, place) => place))
  expect(await chain.client.getTransactionCount({ address: relayer.address })).toBe(nonces.length)
})

const storedClaims = async () =>
  (await query<{ count: number }>(`SELECT count(*)::int AS count FROM ${CLAIM_ROWS}`))[0]?.count

async function promote() {
  const client = new pg.Client({ connectionString: standby.url })
  await client.connect()
  await client.query('SELECT pg_promote()')
  await client.end()
}

async function query<Row extends pg.QueryResultRow>(text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    return (await client.query<Row>(text)).rows
  } finally {
    await client.end()
  }
}
