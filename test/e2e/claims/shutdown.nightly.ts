import { beforeAll, describe, expect, it } from 'vitest'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { claimApi } from './claimApi.ts'
import { until } from './claimsOnChain.ts'

let market: TestMarket
let people: Participants
let api: ReturnType<typeof claimApi>
let agent: Agent

beforeAll(async () => {
  market = await startTestMarket({ api: { allowUnsignedClaims: false } })
  people = participantsOf(market)
  api = claimApi(market.api.url)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  return market.stop
}, 120_000)

describe('an index that does not advance', () => {
  it('does not make a claim fail: it is mined, and won when the index advances again', {
    timeout: 60_000,
  }, async () => {
    const runId = await people.openRun(usdc)
    await market.indexed()
    process.kill(market.indexer.part.pid, 'SIGSTOP')
    const signed = await people.sign(runId, agent)
    // Shorter than the time after which a stopped indexer loses the lock of its build.
    const answer = await api.claim(runId, agent, signed, { Prefer: 'wait=8' })
    expect(answer).toMatchObject({
      status: 202,
      body: { success: false, status: 'mined', run: { state: 'OPEN' }, agent: { id: Number(agent.id) } },
    })
    expect(Object.keys(answer.body)).toEqual([...['success', 'run', 'agent', 'message', 'claimId', 'txHash', 'status']])
    process.kill(market.indexer.part.pid, 'SIGCONT')
    const won = await api.claim(runId, agent, signed)
    expect(won).toMatchObject({ status: 200, body: { claimId: answer.body.claimId, txHash: answer.body.txHash } })
  })
})

describe('the API on SIGTERM', () => {
  it('answers a pending claim even without a block, and ends within the 30 s of Kubernetes', async () => {
    const { client } = market
    const server = await startApi({ ...market, port: 0, relayerKey: keyOf(roles.relayer) })
    const runId = await people.openRun(usdc)
    await client.setAutomine(false)
    await client.setIntervalMining({ interval: 0 })
    const claim = claimApi(server.url).claim(runId, agent, await people.sign(runId, agent))
    await until('sent', async () => (await client.getTxpoolStatus()).pending === 1)

    const signalled = performance.now()
    process.kill(server.part.pid, 'SIGTERM')
    const { status, body, headers } = await claim
    expect([status, body.status, headers.get('Location')]).toEqual([202, 'accepted', `/api/claims/${body.claimId}`])
    expect(await server.part.ended).toBe('exited with code 0')
    expect(performance.now() - signalled).toBeLessThan(28_000)
    expect(server.part.output()).toContain('"msg":"Stopped"')
    await client.mine({ blocks: 1 })
    await client.setAutomine(true)
  })

  it('answers the pending claim, and accepts no other', async () => {
    const { client, api: server } = market
    const runId = await people.openRun(usdc)
    const late = await people.openRun(usdc)
    await market.indexed()
    const signed = await people.sign(runId, agent)
    const lateSigned = await people.sign(late, agent)
    await client.setAutomine(false)
    await client.setIntervalMining({ interval: 0 })
    const claim = api.claim(runId, agent, signed)
    await until('sent', async () => (await client.getTxpoolStatus()).pending === 1)
    const stopped = server.stop()
    await server.part.saw(/"msg":"Stopping"/, 5_000)
    await expect(api.claim(late, agent, lateSigned)).rejects.toThrow('fetch failed')
    await client.mine({ blocks: 1 })
    expect(await claim).toMatchObject({ status: 200, body: { run: { bountyId: Number(runId) } } })
    await stopped
    expect(await server.part.ended).toBe('exited with code 0')
  })
})
