import { recoverTypedDataAddress, zeroAddress } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '../../ponder.schema.ts'
import { accountOf } from '../../tools/devnet/accounts.ts'
import { claimedRun, openRun, seedTime } from '../support/rows.ts'
import { emptyIndex, type IndexedDatabase } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

let index: IndexedDatabase
let api: TestApi

const account = accountOf(1)
const now = seedTime

beforeAll(async () => {
  index = await emptyIndex()
  await index.db.insert(run).values([openRun(1n), claimedRun(2n, { round: 3 })])
  await index.moveTo({ number: 10n, timestamp: now })
  api = await testApi(index.url, () => 0)
})

afterAll(async () => {
  await api.close()
  await index.close()
})

const ask = (runId: string, query: string) => api.get(`/api/runs/${runId}/claim-message?${query}`)
const from = `agentId=9&walletAddress=${account.address}`

describe('GET /api/runs/:id/claim-message', () => {
  it('returns typed data and the request that sends the claim', async () => {
    const { status, body } = await ask('1', from)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      domain: { name: 'BountyMarket', version: '1', chainId: 31337 },
      primaryType: 'Claim',
      message: {
        bountyId: '1',
        agentId: '9',
        wallet: account.address,
        round: '1',
        reward: '100000000',
        stake: '10000000',
        workPeriod: '604800',
        evaluator: zeroAddress,
        deadline: `${now + 900n}`,
      },
      submit: {
        method: 'POST',
        path: '/api/runs/1/claim',
        body: { agentId: 9, walletAddress: account.address, deadline: Number(now + 900n) },
      },
    })
  })

  it('can be passed to viem’s signTypedData', async () => {
    const { body } = await ask('1', from)
    const signature = await account.signTypedData(body)
    expect(await recoverTypedDataAddress({ ...body, signature })).toBe(account.address)
  })

  it('names the round after the last claim', async () => {
    expect((await ask('2', from)).body.message.round).toBe('4')
  })

  it.each([1n, 3_600n])('accepts a deadline %s seconds ahead', async (ahead) => {
    const { body } = await ask('1', `${from}&deadline=${now + ahead}`)
    expect(body.message.deadline).toBe(`${now + ahead}`)
    expect(body.submit.body.deadline).toBe(Number(now + ahead))
  })

  it.each([`${now}`, `${now + 3_601n}`, '0', '-1', '1e9', '99999999999999999999'])(
    'refuses the deadline %s',
    async (deadline) => {
      const { status, body } = await ask('1', `${from}&deadline=${deadline}`)
      expect({ status, field: body.field, value: body.value }).toEqual({
        status: 400,
        field: 'deadline',
        value: deadline,
      })
    },
  )

  it('names no message of an action where the server relays no claims', async () => {
    const { status, body } = await api.get(`/api/messages/claim?runId=1&${from}`)
    expect([status, body.detail]).toEqual([503, 'This server relays no claims.'])
  })

  it('accepts an agent of a foreign registry', async () => {
    const { body } = await ask('1', `agentId=${2n ** 256n - 1n}&walletAddress=${account.address}`)
    expect(body.message.agentId).toBe(`${2n ** 256n - 1n}`)
    expect(body.submit.body.agentId).toBe(`${2n ** 256n - 1n}`)
  })

  it.each([
    ['99', from, 404, 'RUN_NOT_FOUND'],
    ['1', `agentId=${2n ** 256n}&walletAddress=${account.address}`, 404, 'AGENT_NOT_FOUND'],
    ['1', 'agentId=9', 400, 'VALIDATION_FAILED'],
    ['1', `walletAddress=${account.address}`, 400, 'VALIDATION_FAILED'],
  ])('run %s, %s: %s %s', async (runId, query, status, code) => {
    const answer = await ask(runId, query)
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code })
  })
})
