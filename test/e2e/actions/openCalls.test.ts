import { zeroAddress } from 'viem'
import { beforeAll, describe, expect, it } from 'vitest'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { usdc } from '../../support/participants.ts'
import { claimApi, codeOf } from '../claims/claimApi.ts'
import { type Runs, runsOn, type Situation } from './runsInStates.ts'

let market: TestMarket
let runs: Runs
let api: ReturnType<typeof claimApi>

const DAY = 86_400

beforeAll(async () => {
  market = await startTestMarket()
  runs = await runsOn(market)
  api = claimApi(market.api.url)
  return market.stop
}, 120_000)

const call = (runId: bigint, name: string) => api.post(`/api/runs/${runId}/${name}`, {})
const sentByRelayer = () => market.client.getTransactionCount({ address: accountOf(roles.relayer).address })

async function later(days: number) {
  await market.client.increaseTime({ seconds: days * DAY + 60 })
  await market.client.mine({ blocks: 1 })
  await market.indexed()
}

describe('what anyone may ask for', () => {
  it('is refused before its time, and costs nothing', { timeout: 60_000 }, async () => {
    const before = await sentByRelayer()
    for (const [situation, name] of [
      ['SUBMITTED', 'finalize'],
      ['OPEN', 'expire'],
      ['CLAIMED', 'slash'],
      ['REVISION_REQUESTED', 'reject-overdue'],
    ] as [Situation, string][]) {
      const early = await call(await runs.runIn(situation), name)
      expect(codeOf(early), name).toEqual([409, 'TOO_EARLY'])
      expect(Date.parse(early.body.after), name).toBeGreaterThan(Date.now())
      const wrong = await call(await runs.runIn('DRAFT'), name)
      expect(codeOf(wrong), name).toEqual([409, 'WRONG_STATE'])
    }
    expect(codeOf(await call(999_999n, 'slash'))).toEqual([404, 'RUN_NOT_FOUND'])
    expect(codeOf(await call(2n ** 300n, 'slash'))).toEqual([404, 'RUN_NOT_FOUND'])
    const payee = `/api/payees/${accountOf(9).address}/collect`
    expect(codeOf(await api.post(payee, {}))).toEqual([409, 'NOTHING_OWED'])
    expect(codeOf(await api.post('/api/payees/0x12/collect', {}))).toEqual([400, 'VALIDATION_FAILED'])
    expect(await sentByRelayer()).toBe(before)
  })

  it('pays what is owed, again when more is owed', { timeout: 60_000 }, async () => {
    const { wallet } = runs.agent
    const path = `/api/payees/${wallet.address}/collect`
    for (const _ of [1, 2]) {
      const runId = await runs.runIn('SUBMITTED')
      await runs.people.mined(() => market.usdc.write.blacklist([wallet.address]))
      await runs.call('approve', runId, zeroAddress)
      expect(codeOf(await api.post(path, {}))).toEqual([409, 'USDC_REFUSED'])
      await runs.people.mined(() => market.usdc.write.unBlacklist([wallet.address]))
      const before = await market.usdc.read.balanceOf([wallet.address])
      const paid = await api.post(path, {})
      expect(paid.status, JSON.stringify(paid.body)).toBe(200)
      expect(paid.body).toMatchObject({ success: true, payee: wallet.address })
      expect(await market.usdc.read.balanceOf([wallet.address])).toBe(before + 10n * usdc)
    }
  })

  it('is made once for each run and round, however often it is asked for', { timeout: 120_000 }, async () => {
    const [submitted, open, claimed, requested] = [
      await runs.runIn('SUBMITTED'),
      await runs.runIn('OPEN'),
      await runs.runIn('CLAIMED'),
      await runs.runIn('REVISION_REQUESTED'),
    ]
    // Work periods, reviews and grace periods have seven days each.
    await later(15)
    for (const [runId, name, state] of [
      [submitted, 'finalize', 'APPROVED'],
      [open, 'expire', 'DRAFT'],
      [claimed, 'slash', 'DRAFT'],
      [requested, 'reject-overdue', 'REJECTED'],
    ] as const) {
      const before = await sentByRelayer()
      const answers = await Promise.all([1, 2, 3].map(() => call(runId, name)))
      for (const { status, body } of answers) {
        expect(status, `${name}: ${JSON.stringify(body)}`).toBe(200)
        expect(body).toMatchObject({ success: true, run: { bountyId: Number(runId), state } })
      }
      expect(new Set(answers.map(({ body }) => body.txHash)).size, name).toBe(1)
      expect((await call(runId, name)).body.txHash).toBe(answers[0]?.body.txHash)
      expect(await sentByRelayer()).toBe(before + 1)
      const made = await api.get(`/api/actions/${answers[0]?.body.actionId}`)
      expect(made.body).toMatchObject({ action: name, bountyId: Number(runId), signer: zeroAddress, state: 'mined' })
    }
  })
})
