import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agent, run } from '../../ponder.schema.ts'
import { claimedRun, openRun, seedTime, stakedAgent, wallet } from '../support/rows.ts'
import { emptyIndex, type IndexedDatabase } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

let index: IndexedDatabase
let api: TestApi

const now = seedTime + 86_400n
const checksummed = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const stranger = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'

beforeAll(async () => {
  index = await emptyIndex()
  await index.db
    .insert(run)
    .values([
      openRun(1n),
      claimedRun(2n, { deadline: now - 1n }),
      openRun(3n, { deadline: now }),
      openRun(4n, { deadline: now - 1n }),
      openRun(5n, { state: 'DRAFT' }),
      openRun(6n, { stakeRequired: 20_000_001n }),
    ])
  await index.db.insert(agent).values([
    stakedAgent(1n, { completions: 5, stakedAt: now - 2_592_000n }),
    stakedAgent(2n, {
      stakedAmount: 19_999_999n,
      stakedAt: 0n,
      frozen: true,
      banned: true,
      lockedAmount: 19_999_999n,
    }),
    stakedAgent(3n, { lockedAmount: 12_000_000n }),
    stakedAgent(0n),
    stakedAgent(2n ** 40n),
    { id: 12n, banned: true },
  ])
  await index.moveTo({ number: 10n, timestamp: now })
  api = await testApi(index.url, () => 0)
})

afterAll(async () => {
  await api.close()
  await index.close()
})

const check = (runId: bigint | string, query: string) => api.get(`/api/runs/${runId}/claim-eligibility?${query}`)

describe('GET /api/runs/:id/claim-eligibility', () => {
  it('has its fields in the documented order', async () => {
    const { status, body, headers } = await check(1n, 'agentId=1')
    expect(status).toBe(200)
    expect(JSON.stringify(body)).toBe(
      JSON.stringify({
        eligible: true,
        reasons: [],
        agent: {
          id: 1,
          status: 'ESTABLISHED',
          stakedAmount: '20000000',
          hasMinStake: true,
          unlockedAmount: '20000000',
        },
        run: { id: 1, state: 'OPEN', reward: '100000000', stake: '10000000' },
        reasonCodes: [],
      }),
    )
    expect(headers.get('X-Indexed-Block')).toBe('10')
  })

  it('returns all reasons and their codes in the contract’s order', async () => {
    const { body } = await check(2n, `agentId=2&walletAddress=${stranger}`)
    expect(body).toMatchObject({
      eligible: false,
      agent: { status: 'BANNED', hasMinStake: false, unlockedAmount: '0' },
    })
    expect(body.reasonCodes).toEqual([
      'RUN_NOT_OPEN',
      'RUN_DEADLINE_PASSED',
      'WALLET_MISMATCH',
      'AGENT_BANNED',
      'AGENT_FROZEN',
      'INSUFFICIENT_STAKE',
      'INSUFFICIENT_UNLOCKED_STAKE',
    ])
    expect(body.reasons).toHaveLength(body.reasonCodes.length)
    expect(body.reasons[0]).toBe(`Run 2 is CLAIMED: agent 1 (${checksummed}) claimed it.`)
    expect(body.reasons[2]).toBe(`${stranger} is not the wallet of agent 2; ${checksummed} is.`)
  })

  it.each([
    [3n, 'agentId=1', []],
    [4n, 'agentId=1', ['RUN_DEADLINE_PASSED']],
    [5n, 'agentId=1', ['RUN_NOT_OPEN']],
    [1n, 'agentId=3', ['INSUFFICIENT_UNLOCKED_STAKE']],
    [6n, 'agentId=1', ['INSUFFICIENT_UNLOCKED_STAKE']],
    [1n, 'agentId=0', []],
    [1n, `agentId=${2n ** 40n}`, ['AGENT_NOT_FOUND']],
    [1n, `agentId=1&walletAddress=${wallet}`, []],
    [1n, `agentId=1&walletAddress=${stranger}`, ['WALLET_MISMATCH']],
  ])('run %s, %s: %j', async (runId, query, codes) => {
    const { status, body } = await check(runId, query)
    expect(status).toBe(200)
    expect(body.reasonCodes).toEqual(codes)
    expect(body.eligible).toBe(codes.length === 0)
  })

  it('uses this machine’s time where that is ahead of the chain', async () => {
    const later = await testApi(index.url, () => Number(now + 1n) * 1_000)
    const { body } = await later.get('/api/runs/3/claim-eligibility?agentId=1')
    expect(body.reasonCodes).toEqual(['RUN_DEADLINE_PASSED'])
    await later.close()
  })

  it.each([
    ['99', 'agentId=1', 'RUN_NOT_FOUND'],
    ['99', 'agentId=99', 'RUN_NOT_FOUND'],
    [(2n ** 300n).toString(), 'agentId=1', 'RUN_NOT_FOUND'],
    ['1', 'agentId=99', 'AGENT_NOT_FOUND'],
    ['1', 'agentId=12', 'AGENT_NOT_FOUND'],
    ['1', `agentId=${2n ** 300n}`, 'AGENT_NOT_FOUND'],
  ])('run %s, %s: 404 %s', async (runId, query, code) => {
    const { status, body } = await check(runId, query)
    expect({ status, code: body.code }).toEqual({ status: 404, code })
  })

  it.each([
    ['1', '', 'agentId'],
    ['1', 'agentId=-1', 'agentId'],
    ['1', 'agentId=1.5', 'agentId'],
    ['1', 'agentId=1e3', 'agentId'],
    ['1', 'agentId=1&agentId=2', 'agentId'],
    ['1', 'agentId=1&walletAddress=0x12', 'walletAddress'],
    ['1', 'agentId=1&wallet=0x12', 'wallet'],
    ['abc', 'agentId=1', 'id'],
  ])('run %s, %j: 400 naming %s', async (runId, query, field) => {
    const { status, body } = await check(runId, query)
    expect({ status, code: body.code, field: body.field }).toEqual({ status: 400, code: 'VALIDATION_FAILED', field })
  })
})
