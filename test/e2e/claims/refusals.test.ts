import { beforeAll, describe, expect, it } from 'vitest'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { sharedMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { claimApi, codeOf } from './claimApi.ts'

let market: TestMarket
let people: Participants
let api: ReturnType<typeof claimApi>
let agent: Agent
let another: Agent

const stranger = accountOf(15)

beforeAll(async () => {
  market = await sharedMarket('unsigned')
  people = participantsOf(market)
  api = claimApi(market.api.url)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  another = await people.newAgent(accountOf(3))
}, 120_000)

describe('a refusal', () => {
  it.each<[string, () => Promise<[bigint, Agent]>, [number, string]]>([
    ['a run that does not exist', async () => [999_999n, agent], [404, 'RUN_NOT_FOUND']],
    ['a run id beyond uint256', async () => [2n ** 256n, agent], [404, 'RUN_NOT_FOUND']],
    [
      'an agent that does not exist',
      async () => [await people.openRun(), { ...agent, id: 999_999n }],
      [404, 'AGENT_NOT_FOUND'],
    ],
    [
      'the wallet of another agent',
      async () => [await people.openRun(), { ...agent, wallet: stranger }],
      [403, 'WALLET_MISMATCH'],
    ],
    [
      'a run that names another wallet',
      async () => [await people.openRun(usdc, 86_400n, stranger.address), agent],
      [403, 'NOT_CLAIMANT'],
    ],
    [
      'a run that names no wallet yet',
      async () => [await people.openRun(usdc, 86_400n, people.poster), agent],
      [403, 'NOT_CLAIMANT'],
    ],
    [
      'too little stake',
      async () => [await people.openRun(), await people.newAgent(stranger, 20n * usdc - 1n)],
      [403, 'INSUFFICIENT_STAKE'],
    ],
    [
      'no stake',
      async () => [await people.openRun(), await people.newAgent(stranger, 0n)],
      [403, 'INSUFFICIENT_STAKE'],
    ],
    [
      'a banned agent',
      async () => {
        const banned = await people.newAgent(stranger)
        await people.mined(() => market.staking.write.ban([banned.id]))
        return [await people.openRun(), banned]
      },
      [403, 'AGENT_BANNED'],
    ],
    [
      'stake locked by other runs',
      async () => {
        const busy = await people.newAgent(stranger)
        expect((await api.claim(await people.openRun(150n * usdc), busy)).status).toBe(200)
        return [await people.openRun(60n * usdc), busy]
      },
      [403, 'INSUFFICIENT_UNLOCKED_STAKE'],
    ],
    [
      'a draft',
      async () => {
        const runId = await people.openRun()
        await people.mined(() => market.market.write.closeBounty([runId]))
        return [runId, agent]
      },
      [400, 'RUN_NOT_OPEN'],
    ],
  ])('for %s has its status and code', async (_, prepare, expected) => {
    const [runId, claimant] = await prepare()
    const answer = await api.claim(runId, claimant)
    expect(codeOf(answer)).toEqual(expected)
    expect(answer.headers.get('Content-Type')).toBe('application/problem+json')
  })

  it('names the holder of the run', async () => {
    const runId = await people.openRun(usdc)
    const holder = await people.newAgent(agent.wallet)
    const late = await people.newAgent(stranger)
    expect((await api.claim(runId, holder)).status).toBe(200)
    const { status, body } = await api.claim(runId, late)
    expect({ status, ...body }).toMatchObject({
      status: 400,
      code: 'RUN_NOT_OPEN',
      state: 'CLAIMED',
      claimedBy: Number(holder.id),
      holder: holder.wallet.address,
    })
    expect(body.detail).toContain(`agent ${holder.id} (${holder.wallet.address})`)
  })

  it('is the answer to the former holder once the run has ended', async () => {
    const runId = await people.openRun(usdc)
    const { id, wallet } = await people.newAgent(agent.wallet)
    expect((await api.claim(runId, { id, wallet })).status).toBe(200)
    await people.mined(() => market.market.write.submitWork([runId, 'ipfs://work'], { account: wallet.address }))
    await market.indexed()
    expect((await api.claim(runId, { id, wallet })).body).toMatchObject({ success: true, run: { state: 'SUBMITTED' } })
    await people.mined(() => market.market.write.approveWork([runId, 0]))
    // The relay may use a head that is 50 ms old, at which the run has not ended.
    await market.indexed()
    const ended = await api.claim(runId, { id, wallet })
    expect(codeOf(ended)).toEqual([400, 'RUN_NOT_OPEN'])
    expect(ended.body).toMatchObject({ state: 'APPROVED', claimedBy: Number(id) })
  })

  it.each<[string, Parameters<Participants['sign']>[2], string]>([
    ['another key', { signer: stranger }, 'INVALID_SIGNATURE'],
    ['another chain', { chainId: 1 }, 'INVALID_SIGNATURE'],
    ['another contract', { address: stranger.address }, 'INVALID_SIGNATURE'],
    ['another round', { round: 2n }, 'INVALID_SIGNATURE'],
    ['a deadline in the past', { deadline: 1n }, 'SIGNATURE_EXPIRED'],
    ['a deadline too far ahead', { deadline: 2n ** 40n }, 'SIGNATURE_EXPIRED'],
  ])('of a signature for %s has its code', async (_, changes, code) => {
    const runId = await people.openRun(usdc)
    const answer = await api.claim(runId, agent, await people.sign(runId, agent, changes))
    expect(codeOf(answer)).toEqual([401, code])
    expect(answer.headers.get('WWW-Authenticate')).toContain(
      `"/api/runs/${runId}/claim-message?agentId=${agent.id}&walletAddress=${agent.wallet.address}"`,
    )
  })

  it('is the answer to a signature for another run or agent', async () => {
    const runId = await people.openRun(usdc)
    const otherRun = await people.openRun(usdc)
    const signature = await people.sign(otherRun, agent)
    expect(codeOf(await api.claim(runId, agent, signature))).toEqual([401, 'INVALID_SIGNATURE'])
    const others = await people.sign(runId, another)
    expect(codeOf(await api.claim(runId, agent, others))).toEqual([401, 'INVALID_SIGNATURE'])
  })
})
