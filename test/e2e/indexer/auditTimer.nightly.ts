import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { type Indexer, startIndexer } from '../../../tools/devnet/indexer.ts'
import { startAudit } from '../../support/audit.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf } from '../../support/participants.ts'
import { type RpcProxy, startRpcProxy } from '../../support/rpcProxy.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { until } from '../claims/claimsOnChain.ts'

let chain: TestChain
let node: RpcProxy
let databaseUrl: string
let indexer: Indexer
let people: Participants
let agent: Agent

/** The indexer reads from a node with planned faults; audits read from the true one. */
beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  chain = await startTestChain()
  parts.defer(chain.stop)
  node = await startRpcProxy(chain.rpcUrl)
  parts.defer(node.stop)
  databaseUrl = await freshDatabase()
  await start()
  parts.defer(() => indexer.stop())
  people = participantsOf(chain)
  agent = await people.newAgent(accountOf(2))
  await indexed()
  const kept = parts.move()
  return () => kept.disposeAsync()
})

async function start() {
  indexer = await startIndexer({ ...chain, databaseUrl, rpcUrl: node.url })
}

const indexed = async () => waitForIndex(databaseUrl, await chain.client.getBlockNumber())

/** Drops the cache of Ponder and the build's schemas. */
async function dropIndex() {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const { rows } = await client.query<{ name: string }>(
    `SELECT nspname AS name FROM pg_namespace WHERE nspname = 'ponder_sync' OR nspname LIKE 'runline\\_%'`,
  )
  expect(rows.length).toBe(2)
  for (const { name } of rows) await client.query(`DROP SCHEMA ${pg.escapeIdentifier(name)} CASCADE`)
  await client.end()
}

/** Audits each second, from the true node. */
const audits = (more: { rpcUrl?: string } = {}) => startAudit({ ...chain, databaseUrl, ...more })

/** The node leaves out the last of a block's logs, as a node whose answer was cut at its limit does. */
function truncateLogs() {
  node.from(async ({ method, params: [filter] }) => {
    if (method !== 'eth_getLogs') return undefined
    const logs = (await chain.client.request({ method, params: [filter] } as never)) as unknown[]
    return { kind: 'reply', reply: { result: logs.slice(0, -1) } }
  })
}

describe('an audit by a timer', () => {
  it('finds what a truncated answer of the node took from the index, and has it as a metric', {
    timeout: 300_000,
  }, async () => {
    const audit = await audits()
    expect(await audit.value('audit_differences')).toBeNaN()
    expect(await audit.value('audit_last_success_timestamp_seconds')).toBeNaN()
    expect(await audit.value('audit_interval_seconds')).toBe(1)
    await audit.compared(chain)
    expect(await audit.value('audit_differences')).toBe(0)
    const first = await audit.value('audit_last_success_timestamp_seconds')
    expect(Math.abs(Date.now() / 1_000 - first)).toBeLessThan(60)
    expect(await audit.value('audit_duration_seconds')).toBeGreaterThan(0)

    const run = await people.openRun()
    await indexed()
    truncateLogs()
    const account = agent.wallet.address
    await people.mined(() => chain.market.write.claimBounty([run, agent.id], { account }))
    await indexed()
    node.heal()
    await audit.compared(chain)
    expect(await audit.value('audit_differences')).toBeGreaterThan(0)
    expect(await audit.value('audit_last_success_timestamp_seconds')).toBeGreaterThan(first)
    expect(await audit.value('audit_failures_total')).toBe(0)
    expect(audit.lines).toContainEqual(
      expect.objectContaining({
        level: 50,
        msg: 'Table and chain differ',
        // The claim emits `BountyClaimed`, then `StakeLocked`.
        difference: `agent ${agent.id}: lockedAmount is 0 in the table, 10000000 on chain`,
      }),
    )
    const [probe] = (await once(get(`${audit.url}/healthz`), 'response')) as [IncomingMessage]
    expect(probe.resume().statusCode).toBe(200)

    // As the runbook says: Ponder's cache has the wrong answer.
    await indexer.stop()
    await dropIndex()
    await start()
    await indexed()
    await audit.compared(chain)
    expect(await audit.value('audit_differences')).toBe(0)
    await audit.stop()
  })

  it('ends with 0 at SIGTERM, also during an audit', async () => {
    const audit = await audits()
    await until('copied', async () => audit.lines.some(({ msg }) => /^Copied block/.test(String(msg))))
    process.kill(audit.part.pid, 'SIGTERM')
    expect(await audit.part.ended).toBe('exited with code 0')
    await audit.stop()
  })

  it('counts an audit that cannot compare, and audits again', async () => {
    const audit = await audits({ rpcUrl: 'http://127.0.0.1:1' })
    await until('failed twice', async () => (await audit.value('audit_failures_total')) >= 2)
    expect(await audit.value('audit_differences')).toBeNaN()
    expect(audit.lines).toContainEqual(expect.objectContaining({ level: 50, msg: 'The audit could not compare' }))
    await audit.stop()
  })

  it('leaves no session behind', async () => {
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    await until('the lock is free', async () => {
      const { rows } = await client.query(`SELECT pg_try_advisory_lock(hashtext('audit_of_runline')) AS free`)
      return rows[0].free
    })
    await client.end()
  })
})
