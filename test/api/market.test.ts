import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agentRegistrarAbi } from '../../abis/AgentRegistrar.ts'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { mockUsdcAbi } from '../../abis/MockUSDC.ts'
import { signedFundingAbi } from '../../abis/SignedFunding.ts'
import { type TestApi, testApi } from './testApi.ts'

let api: TestApi

beforeAll(async () => {
  // No test in this file reads the database.
  api = await testApi('postgres://127.0.0.1:1/none')
})

afterAll(() => api.close())

describe('GET /api/market', () => {
  it('names the contracts with their start blocks and ABIs', async () => {
    const { status, body } = await api.get('/api/market')
    expect([status, body.chainId, body.caip2]).toEqual([200, 31337, 'eip155:31337'])
    expect(body.contracts).toMatchObject({
      USDC: { startBlock: 3, abi: '/abis/USDC.json' },
      BountyMarket: { address: '0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0', startBlock: 7 },
      SignedFunding: { address: '0xCf7Ed3AccA5a467e9e704C703E8D87F634fB0Fc9', abi: '/abis/SignedFunding.json' },
      AgentRegistrar: { address: '0xDc64a140Aa3E981100a9becA4E685f962f0cF6C9', abi: '/abis/AgentRegistrar.json' },
    })
  })

  it('names the largest reward that the deployment set', async () => {
    expect((await api.get('/api/market')).body.terms.maximumReward).toBe('500000000')
  })

  it('answers while the index cannot be read', async () => {
    expect((await api.get('/api/runs')).status).toBe(503)
    expect((await api.get('/api/market')).status).toBe(200)
  })

  it('refuses parameters that it does not know', async () => {
    expect((await api.get('/api/market?minBlock=1')).body).toMatchObject({
      code: 'VALIDATION_FAILED',
      field: 'minBlock',
    })
  })
})

it('GET /api/market/reserves is refused where the server asks no node', async () => {
  const { status, headers, body } = await api.get('/api/market/reserves')
  expect([status, body.code, headers.get('Cache-Control')]).toEqual([503, 'NODE_UNAVAILABLE', 'no-store'])
})

describe('GET /abis/:file', () => {
  it('has the ABI at each path that /api/market names', async () => {
    const { contracts } = (await api.get('/api/market')).body
    const abis = await Promise.all(
      Object.values<{ abi: string }>(contracts).map(async ({ abi }) => (await api.get(abi)).body),
    )
    expect(abis.map((abi) => abi.length > 3)).toEqual([true, true, true, true, true, true])
    expect([abis[0], ...abis.slice(3)]).toEqual([mockUsdcAbi, bountyMarketAbi, signedFundingAbi, agentRegistrarAbi])
  })

  it.each(['Bounty.json', 'BountyMarket.ts', '..%2fpackage.json', 'constructor'])('is 404 for %s', async (file) => {
    expect((await api.get(`/abis/${file}`)).body.code).toBe('ROUTE_NOT_FOUND')
  })
})
