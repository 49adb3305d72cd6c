import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect, it } from 'vitest'
import type { ClaimRequest } from '../../../src/api/relay/kinds/claims/message.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { startPostgres } from '../../../tools/devnet/postgres.ts'
import { startTestChain } from '../../support/market.ts'
import { participantsOf, usdc } from '../../support/participants.ts'
import { CLAIM_ROWS } from '../../support/relayRows.ts'
import { startStandby } from '../../support/standby.ts'
import { startTcpProxy } from '../../support/tcpProxy.ts'
import { relayOn, requestOf, resultOf, until } from './claimsOnChain.ts'

/** The longest time that a relay uses a former primary that still takes connections. */
const LIMIT_MS = 10_000

const CLAIM_INTERVAL_MS = 250

it('claims leave a former primary that still takes them within ten seconds', async () => {
  await using parts = new AsyncDisposableStack()
  const former = await startPostgres()
  parts.defer(former.stop)
  const formerUrl = await former.createDatabase()
  const next = await startStandby(former)
  parts.defer(next.stop)
  const nextUrl = next.urlOf(formerUrl)
  const address = await startTcpProxy(former.port)
  parts.defer(address.stop)
  const chain = await startTestChain({})
  parts.defer(chain.stop)
  const people = participantsOf(chain)
  const agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  // The next primary lacks the nonces of the claims that the former one stores after the failover.
  const relay = await relayOn({ ...chain, databaseUrl: address.urlOf(formerUrl) }, { foreignNonces: 1_000 })
  parts.defer(relay.close)

  const requests: ClaimRequest[] = []
  async function claim() {
    const request = requestOf(await people.openRun(usdc), agent)
    requests.push(request)
    return resultOf(relay, request, 5_000)
  }
  let isOver = false
  /** Without claims, the pool would close its connections, because they are idle. */
  const claiming = (async () => {
    for (; !isOver; await sleep(CLAIM_INTERVAL_MS)) await claim()
  })()
  parts.defer(async () => {
    isOver = true
    await claiming
  })
  await until('claims are stored', async () => (await countOf(formerUrl, CLAIM_ROWS)) >= 3, 20_000)
  await query(next.url, 'SELECT pg_promote()')
  address.moveTo(next.port)
  const movedAt = performance.now()
  const sessions = `pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'runline_relay %'`
  await until('the former primary is left', async () => (await countOf(formerUrl, sessions)) === 0, LIMIT_MS)
  console.log(`the former primary was left after ${Math.round(performance.now() - movedAt)} ms`)

  const stored = await countOf(nextUrl, CLAIM_ROWS)
  const storedByFormer = await countOf(formerUrl, CLAIM_ROWS)
  await until('done', async () => (await claim()) === 'done')
  isOver = true
  await claiming
  expect(await countOf(nextUrl, CLAIM_ROWS)).toBeGreaterThan(stored)
  expect(await countOf(formerUrl, CLAIM_ROWS)).toBe(storedByFormer)
  // Also what only the former primary has stored.
  for (const request of requests) await until('done', async () => (await resultOf(relay, request)) === 'done')
  const claimed = await chain.market.getEvents.BountyClaimed({}, { fromBlock: 0n })
  expect(claimed.map(({ args }) => args.bountyId).sort()).toEqual(
    requests.map(({ message }) => message.bountyId).sort(),
  )
})

const countOf = async (url: string, rows: string) =>
  (await query(url, `SELECT count(*)::int AS count FROM ${rows}`))[0].count

async function query(url: string, text: string) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}
