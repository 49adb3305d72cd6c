import { beforeAll, expect, it } from 'vitest'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { participantsOf, usdc } from '../../support/participants.ts'
import { claimApi } from './claimApi.ts'
import { until } from './claimsOnChain.ts'

let market: TestMarket

beforeAll(async () => {
  market = await startTestMarket()
  return market.stop
}, 120_000)

it('on SIGTERM a pending claim is answered even without a block, and the process ends within the 30 s of Kubernetes', async () => {
  const { client } = market
  const api = await startApi({ ...market, port: 0, relayerKey: keyOf(roles.relayer) })
  const people = participantsOf(market)
  const agent = await people.newAgent(accountOf(2))
  const runId = await people.openRun(usdc)
  await client.setAutomine(false)
  await client.setIntervalMining({ interval: 0 })
  const claim = claimApi(api.url).claim(runId, agent)
  await until('sent', async () => (await client.getTxpoolStatus()).pending === 1)

  const signalled = performance.now()
  process.kill(api.part.pid, 'SIGTERM')
  const { status, body, headers } = await claim
  expect([status, body.status, headers.get('Location')]).toEqual([202, 'accepted', `/api/claims/${body.claimId}`])
  expect(await api.part.ended).toBe('exited with code 0')
  expect(performance.now() - signalled).toBeLessThan(28_000)
  expect(api.part.output()).toContain('"msg":"Stopped"')
})
