import { eq, inArray, sql } from 'drizzle-orm'
import pg from 'pg'
import { pino } from 'pino'
import type { PrivateKeyAccount } from 'viem/accounts'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { agent, run } from '../../ponder.schema.ts'
import { deleteOldApplications, MOST_OF_AGENT, MOST_OF_RUN } from '../../src/api/content/applications.ts'
import { openContentStore } from '../../src/api/content/store.ts'
import { accountOf } from '../../tools/devnet/accounts.ts'
import { expectDescribed } from '../support/describedAnswers.ts'
import { claimedRun, openRun, poster, seedTime, stakedAgent } from '../support/rows.ts'
import { chainId, emptyIndex, type IndexedDatabase, viewsSchema } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

const account = accountOf(1)
const { address: wallet } = account
const other = accountOf(2)
/** The rank of an agent that paid no fee is by its stake. */
const stake = 20_000_000n

let index: IndexedDatabase
let api: TestApi
let pool: pg.Pool
let block = 10n
const store = () => {
  const limits = { clientBytes: 1_000_000, totalBytes: 100_000_000 }
  const logger = pino({ level: 'silent' })
  return openContentStore({ url: index.url, chainId, indexSchema: viewsSchema, limits, logger })
}
let content: ReturnType<typeof store>

const agentIds = (from: number, count: number) => Array.from({ length: count }, (_, place) => BigInt(from + place))
const agentOf = (id: bigint, fields: Partial<typeof agent.$inferInsert> = {}) =>
  stakedAgent(id, { owner: wallet, agentWallet: wallet, ...fields })

/** The first id of the agents that fill runs. */
const FIRST_RIVAL_ID = 1_000

beforeAll(async () => {
  index = await emptyIndex()
  pool = new pg.Pool({ connectionString: index.url, max: 2 })
  content = store()
  await index.db
    .insert(run)
    .values([
      openRun(1n, { claimant: poster }),
      openRun(2n),
      claimedRun(3n, { claimant: wallet }),
      openRun(4n, { claimant: poster, deadline: seedTime - 1n }),
      openRun(5n, { claimant: poster, stakeRequired: 50_000_000n }),
      ...agentIds(100, MOST_OF_AGENT + 1).map((id) => openRun(id, { claimant: poster })),
    ])
  await index.db
    .insert(agent)
    .values([
      agentOf(7n),
      agentOf(8n, { feesPaid: 5n }),
      agentOf(9n, { stakedAmount: 30_000_000n }),
      agentOf(10n, { frozen: true }),
      agentOf(11n, { agentWallet: other.address }),
      agentOf(12n, { agentWallet: poster }),
      ...agentIds(FIRST_RIVAL_ID, MOST_OF_RUN + 1).map((id) => agentOf(id)),
    ])
  await index.moveTo({ number: block, timestamp: seedTime })
  api = await testApi(index.url, () => 0, undefined, {}, content)
})

beforeEach(async () => {
  // Not a request: the tables are there once the store has answered one.
  await content.read('bafkreif')
  await pool.query('DELETE FROM content.application')
})

afterAll(async () => {
  await api.close()
  await content.close()
  await pool.end()
  await index.close()
})

type Asked = { action?: string; runId?: number; agentId?: number; walletAddress?: string; note?: string }

const messageOf = ({ action = 'apply', runId = 1, agentId = 7, walletAddress = wallet, note = 'I can' }: Asked = {}) =>
  api.get(
    `/api/messages/${action}?${new URLSearchParams({ runId: String(runId), agentId: String(agentId), walletAddress, ...(action === 'apply' && { note }) })}`,
  )

async function send(method: 'POST' | 'DELETE', path: string, body: object) {
  const headers = { 'Content-Type': 'application/json' }
  const response = await api.app.request(path, { method, headers, body: JSON.stringify(body) })
  const answer = { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) }
  expectDescribed(method, path, answer)
  return answer
}

/** Signs what the API asks to sign, and sends it. */
async function act(asked: Asked = {}, by: PrivateKeyAccount = account) {
  const message = await messageOf({ walletAddress: by.address, ...asked })
  if (message.status !== 200) return message
  const { path, body, typedData } = message.body
  const signature = await by.signTypedData(typedData)
  return send(asked.action === 'withdraw' ? 'DELETE' : 'POST', path, { ...body, signature })
}

/** Lists at the next block, so that no answer is of the cache. */
async function list(runId = 1, query = '') {
  await index.moveTo({ number: ++block, timestamp: seedTime })
  const { body } = await api.get(`/api/runs/${runId}/applications?minBlock=${block}&${query}`)
  return body
}

const idsOf = async (runId = 1) => {
  const { applications } = await list(runId, 'limit=100')
  return applications.map((application: { agent: { id: number } }) => application.agent.id)
}

const fill = (runId: number, count: number) =>
  pool.query(
    `INSERT INTO content.application (bounty_id, agent_id, wallet, note)
     SELECT $1, id, $2, 'rival' FROM generate_series($3::int, $3::int + $4::int - 1) AS id`,
    [runId, wallet, FIRST_RIVAL_ID, count],
  )

describe('POST /api/runs/:id/applications', () => {
  it('stores what the agent’s wallet signed, which lists and the run count', async () => {
    const { body } = await messageOf({ note: 'I know\nall of it' })
    expect(body.typedData).toMatchObject({
      domain: { name: 'Runline', version: '1', chainId, verifyingContract: api.deployment.contracts.BountyMarket },
      primaryType: 'Apply',
      message: { runId: '1', agentId: '7', wallet, note: 'I know\nall of it', deadline: `${seedTime + 900n}` },
    })
    expect(body.path).toBe('/api/runs/1/applications')
    expect(await act({ note: 'I know\nall of it' })).toMatchObject({ status: 200, body: { success: true } })
    const { applications, pagination } = await list()
    expect(applications).toMatchObject([{ agent: { id: 7, walletAddress: wallet }, note: 'I know\nall of it' }])
    expect(pagination).toEqual({ page: 1, limit: 20, total: 1, totalPages: 1 })
    expect((await api.get(`/api/runs/1?minBlock=${block}`)).body.applications).toBe(1)
  })

  it('replaces the agent’s former one', async () => {
    await act({ note: 'one' })
    await act({ note: 'two' })
    expect((await list()).applications).toMatchObject([{ note: 'two' }])
  })

  it.each([
    ['another account signed', { agentId: 7 }, 401, 'INVALID_SIGNATURE'],
    ['the wallet is another’s', { agentId: 11 }, 403, 'WALLET_MISMATCH'],
    ['the agent is frozen', { agentId: 10 }, 403, 'AGENT_FROZEN'],
    ['the stake is too small', { runId: 5 }, 403, 'INSUFFICIENT_UNLOCKED_STAKE'],
    ['the run is claimed', { runId: 3 }, 400, 'RUN_NOT_OPEN'],
    ['the deadline has passed', { runId: 4 }, 400, 'RUN_DEADLINE_PASSED'],
    ['any wallet may claim', { runId: 2 }, 409, 'APPLICATION_REFUSED'],
    ['the poster applies', { agentId: 12, walletAddress: poster }, 409, 'APPLICATION_REFUSED'],
    ['there is no such run', { runId: 99 }, 404, 'RUN_NOT_FOUND'],
    ['there is no such agent', { agentId: 99 }, 404, 'AGENT_NOT_FOUND'],
  ])('refuses it where %s', async (_, asked: Asked, status, code) => {
    const { body } = await messageOf()
    const { runId = 1, ...signer } = asked
    const signature = await other.signTypedData(body.typedData)
    const answer = await send('POST', `/api/runs/${runId}/applications`, { ...body.body, ...signer, signature })
    expect(answer).toMatchObject({ status, body: { code } })
    if (status === 401) {
      expect(answer.headers.get('WWW-Authenticate')).toContain('/api/messages/apply?runId=1&agentId=7')
    }
    expect(await idsOf()).toEqual([])
  })

  it('refuses a deadline that has passed, and one more than an hour ahead', async () => {
    const { body } = await messageOf()
    const signature = await account.signTypedData(body.typedData)
    for (const deadline of [seedTime - 1n, seedTime + 3_601n]) {
      const sent = { ...body.body, deadline: Number(deadline), signature }
      expect(await send('POST', body.path, sent)).toMatchObject({ status: 401, body: { code: 'SIGNATURE_EXPIRED' } })
    }
  })

  it.each([
    ['chain', { chainId: 8_453 }],
    ['market', { verifyingContract: wallet }],
    ['domain', { name: 'BountyMarket' }],
  ])('refuses the signature for another %s', async (_, domain) => {
    const { body } = await messageOf()
    const typedData = { ...body.typedData, domain: { ...body.typedData.domain, ...domain } }
    const signature = await account.signTypedData(typedData)
    expect(await send('POST', body.path, { ...body.body, signature })).toMatchObject({ status: 401 })
    expect(await idsOf()).toEqual([])
  })

  it.each([['é'.repeat(500)], ['\u001B[2J\u202E']])('stores the note %j as it was signed', async (note) => {
    expect((await act({ note })).status).toBe(200)
    expect((await list()).applications).toMatchObject([{ note }])
  })

  it.each([[''], ['é'.repeat(501)], ['a\0b']])('refuses the note %j', async (note) => {
    expect(await messageOf({ note })).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED', field: 'note' } })
  })

  it('allows an agent 20 open ones', async () => {
    for (const id of agentIds(100, MOST_OF_AGENT)) expect((await act({ runId: Number(id) })).status).toBe(200)
    const beyond = await act({ runId: 100 + MOST_OF_AGENT })
    expect(beyond).toMatchObject({ status: 409, body: { code: 'APPLICATION_REFUSED' } })
    expect((await act({ runId: 100, note: 'again' })).status).toBe(200)
    await index.db.update(run).set({ state: 'CLAIMED' }).where(eq(run.bountyId, 101n))
    expect((await act({ runId: 100 + MOST_OF_AGENT })).status).toBe(200)
    await index.db.update(run).set({ state: 'OPEN' }).where(eq(run.bountyId, 101n))
  })

  it('counts none of a wallet that the agent had before', async () => {
    for (const id of agentIds(100, MOST_OF_AGENT)) await act({ runId: Number(id) })
    const moved = (agentWallet: typeof wallet) => index.db.update(agent).set({ agentWallet }).where(eq(agent.id, 7n))
    await moved(other.address)
    await index.moveTo({ number: ++block, timestamp: seedTime })
    expect(await act({ runId: 100 + MOST_OF_AGENT }, other)).toMatchObject({ status: 200 })
    await moved(wallet)
  })

  it('allows 20 also where an agent sends 21 at once', async () => {
    const answers = await Promise.all(agentIds(100, MOST_OF_AGENT + 1).map((id) => act({ runId: Number(id) })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(MOST_OF_AGENT)
  })
})

describe('DELETE /api/runs/:id/applications', () => {
  it('withdraws what the same wallet sent, and is safe to repeat', async () => {
    await act()
    // Its answer says nothing of the application of another wallet.
    expect(await act({ action: 'withdraw' }, other)).toMatchObject({
      status: 200,
      body: { message: `Run 1 has no application of agent 7 and wallet ${other.address}.` },
    })
    expect(await idsOf()).toEqual([7])
    for (const _ of [1, 2]) expect(await act({ action: 'withdraw' })).toMatchObject({ status: 200 })
    expect(await idsOf()).toEqual([])
  })

  it('refuses the signature of an application', async () => {
    await act()
    const { body } = await messageOf()
    const signature = await account.signTypedData(body.typedData)
    const { note: _, ...sent } = body.body
    expect(await send('DELETE', body.path, { ...sent, signature })).toMatchObject({ status: 401 })
    expect(await idsOf()).toEqual([7])
  })
})

describe('GET /api/runs/:id/applications', () => {
  it('has the agents by the fees that they paid, then by stake, in pages', async () => {
    for (const agentId of [7, 8, 9]) await act({ agentId })
    expect(await idsOf()).toEqual([8, 9, 7])
    const { applications, pagination } = await list(1, 'limit=1&page=2')
    expect(applications).toMatchObject([{ agent: { id: 9, stakedAmount: '30000000', feesPaid: '0' } }])
    expect(pagination).toEqual({ page: 2, limit: 1, total: 3, totalPages: 3 })
  })

  it('leaves out an agent whose stake has moved on, or whose wallet is another’s by now', async () => {
    await act({ agentId: 7 })
    await act({ agentId: 9 })
    await index.db.update(agent).set({ stakedAmount: 0n, stakedAt: 0n }).where(eq(agent.id, 7n))
    await index.db.update(agent).set({ agentWallet: other.address }).where(eq(agent.id, 9n))
    expect(await idsOf()).toEqual([])
    await index.db
      .update(agent)
      .set({ stakedAmount: stake, agentWallet: wallet })
      .where(inArray(agent.id, [7n, 9n]))
    expect(await idsOf()).toEqual([7, 9])
  })

  it('has none of a run that is claimed, and has them again if a reorg undoes the claim', async () => {
    await act()
    await index.db.update(run).set({ state: 'CLAIMED' }).where(eq(run.bountyId, 1n))
    expect(await idsOf()).toEqual([])
    expect((await api.get(`/api/runs/1?minBlock=${block}`)).body.applications).toBe(0)
    await index.db.update(run).set({ state: 'OPEN' }).where(eq(run.bountyId, 1n))
    expect(await idsOf()).toEqual([7])
  })

  it('has none after 30 days', async () => {
    await act()
    await pool.query(`UPDATE content.application SET applied_at = now() - interval '30 days'`)
    expect(await idsOf()).toEqual([])
  })
})

describe('a full run', () => {
  it('drops an agent that may no longer claim before one with a lower record', async () => {
    await fill(1, MOST_OF_RUN)
    const gone = BigInt(FIRST_RIVAL_ID + 50)
    await index.db.update(agent).set({ stakedAmount: 0n }).where(eq(agent.id, gone))
    expect((await act({ agentId: FIRST_RIVAL_ID + MOST_OF_RUN })).status).toBe(200)
    const { rows } = await pool.query('SELECT agent_id FROM content.application WHERE bounty_id = 1')
    const stored = rows.map((row) => Number(row.agent_id))
    expect(stored).toHaveLength(MOST_OF_RUN)
    expect(stored).not.toContain(Number(gone))
    await index.db.update(agent).set({ stakedAmount: stake }).where(eq(agent.id, gone))
  })

  it('drops the lowest record, and refuses an agent whose own is the lowest', async () => {
    await fill(1, MOST_OF_RUN)
    const last = await act({ agentId: FIRST_RIVAL_ID + MOST_OF_RUN })
    expect(last).toMatchObject({ status: 409, body: { code: 'APPLICATION_REFUSED' } })
    expect((await act({ agentId: 8 })).status).toBe(200)
    expect((await list()).applications[0].agent.id).toBe(8)
    expect((await list()).pagination.total).toBe(MOST_OF_RUN)
  })
})

describe('200 sybils of one stake', () => {
  /** The stake is at one agent at a time, which applies while it has it. */
  const moveStakeTo = async (holder: bigint) => {
    await index.db
      .update(agent)
      .set({ stakedAmount: sql`CASE WHEN id = ${holder} THEN ${stake} ELSE 0 END` })
      .where(inArray(agent.id, agentIds(FIRST_RIVAL_ID, MOST_OF_RUN)))
    await index.moveTo({ number: ++block, timestamp: seedTime })
  }

  it('leave one application beside those of honest agents, which they keep out of no run', async () => {
    await act({ agentId: 7 })
    await fill(1, MOST_OF_RUN - 11)
    for (const id of agentIds(FIRST_RIVAL_ID + MOST_OF_RUN - 11, 10)) {
      await moveStakeTo(id)
      expect((await act({ agentId: Number(id) })).status).toBe(200)
    }
    // The run is full: 199 sybils and an honest agent.
    expect((await act({ agentId: 9 })).status).toBe(200)
    expect(await idsOf()).toEqual([7, 9, FIRST_RIVAL_ID + MOST_OF_RUN - 2])
    await index.db
      .update(agent)
      .set({ stakedAmount: stake })
      .where(inArray(agent.id, agentIds(FIRST_RIVAL_ID, MOST_OF_RUN)))
  })
})

describe('old applications', () => {
  const now = BigInt(Math.floor(Date.now() / 1_000))
  const remaining = async () => {
    await deleteOldApplications(pool, chainId, viewsSchema)
    const { rows } = await pool.query('SELECT bounty_id FROM content.application ORDER BY bounty_id')
    return rows.map(({ bounty_id }) => Number(bounty_id))
  }

  it('are deleted after 30 days, and once the claim of their run is final', async () => {
    await pool.query(
      `INSERT INTO content.application (bounty_id, agent_id, wallet, note, applied_at) VALUES
       (1, 7, $1, 'old', now() - interval '31 days'), (3, 7, $1, 'of a claimed run', now()), (100, 7, $1, 'kept', now())`,
      [wallet],
    )
    // An index that is behind deletes nothing of a run.
    expect(await remaining()).toEqual([3, 100])
    await index.db
      .update(run)
      .set({ claimedAt: now - 60n })
      .where(eq(run.bountyId, 3n))
    await index.moveTo({ number: ++block, timestamp: now })
    expect(await remaining()).toEqual([3, 100])
    await index.db
      .update(run)
      .set({ claimedAt: now - 3_700n })
      .where(eq(run.bountyId, 3n))
    expect(await remaining()).toEqual([100])
  })
})
