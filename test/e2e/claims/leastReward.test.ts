import { beforeAll, expect, it } from 'vitest'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { claimApi, codeOf } from './claimApi.ts'

let market: TestMarket
let people: Participants
let agent: Agent
let api: ReturnType<typeof claimApi>

beforeAll(async () => {
  market = await startTestMarket({ api: { env: { MIN_RELAYED_REWARD: '500000' }, allowUnsignedClaims: false } })
  people = participantsOf(market)
  agent = await people.newAgent(accountOf(2))
  api = claimApi(market.api.url)
  return market.stop
}, 120_000)

const nonce = () => market.client.getTransactionCount({ address: accountOf(roles.relayer).address })

it('a run that pays less than MIN_RELAYED_REWARD is not claimed by the relay, and eligibility says so first', async () => {
  const runId = await people.openRun(usdc / 2n - 1n)
  await market.indexed()
  const before = await nonce()
  const sentence = `Run ${runId} pays 0.499999 USDC, and claims are relayed from 0.5 USDC on. Send it with the wallet.`
  const { body } = await api.eligibility(runId, { id: agent.id, wallet: accountOf(3) })
  expect(body).toMatchObject({ eligible: false, reasonCodes: ['REWARD_TOO_LOW', 'WALLET_MISMATCH'] })
  expect(body.reasons[0]).toBe(sentence)

  const refused = await api.claim(runId, agent, await people.sign(runId, agent))
  expect(codeOf(refused)).toEqual([403, 'REWARD_TOO_LOW'])
  expect(refused.body).toMatchObject({ detail: sentence, reward: '499999', required: '500000' })
  expect(await nonce()).toBe(before)
})

it('a run that pays as much is claimed', async () => {
  const runId = await people.openRun(usdc / 2n)
  await market.indexed()
  expect((await api.eligibility(runId, agent)).body).toMatchObject({ eligible: true, reasonCodes: [] })
  expect((await api.claim(runId, agent, await people.sign(runId, agent))).status).toBe(200)
})
