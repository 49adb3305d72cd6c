import type { Hex } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { serializeErc6492Signature } from 'viem/utils'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { sharedMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { claimApi, codeOf } from './claimApi.ts'

let market: TestMarket
let people: Participants
let api: ReturnType<typeof claimApi>
let agent: Agent

beforeAll(async () => {
  market = await sharedMarket('signed')
  people = participantsOf(market)
  api = claimApi(market.api.url)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
}, 120_000)

describe('where claims must be signed, a claim without a signature', () => {
  it('is answered with the message to sign, and is won once it is signed', async () => {
    const runId = await people.openRun(usdc)
    const answer = await api.claim(runId, agent)
    expect(codeOf(answer)).toEqual([401, 'SIGNATURE_REQUIRED'])
    const { typedData } = answer.body
    const path = `/api/runs/${runId}/claim-message?agentId=${agent.id}&walletAddress=${agent.wallet.address}`
    expect(answer.headers.get('WWW-Authenticate')).toBe(`EIP712 realm="runline", message="${path}"`)
    expect(typedData.message).toMatchObject({ bountyId: `${runId}`, agentId: `${agent.id}`, round: '1' })

    const signature = await agent.wallet.signTypedData(typedData)
    const signed = { signature, deadline: typedData.message.deadline }
    expect((await api.claim(runId, agent, signed)).status).toBe(200)
    expect((await api.claim(runId, agent, signed)).status).toBe(200)
  })

  it('is first refused for the run’s state, in the contract’s order', async () => {
    const taken = await people.openRun(usdc)
    expect((await api.claim(taken, agent, await people.sign(taken, agent))).status).toBe(200)
    expect(codeOf(await api.claim(999_999n, agent))).toEqual([404, 'RUN_NOT_FOUND'])
    expect(codeOf(await api.claim(taken, agent))).toEqual([400, 'RUN_NOT_OPEN'])
  })

  it('is refused for the agent’s state only after the signature, in the contract’s order', async () => {
    const runId = await people.openRun(usdc)
    const unknown = { ...agent, id: 999_999n }
    expect(codeOf(await api.claim(runId, unknown))).toEqual([401, 'SIGNATURE_REQUIRED'])
    expect(codeOf(await api.claim(runId, unknown, await people.sign(runId, unknown)))).toEqual([404, 'AGENT_NOT_FOUND'])
    const other = { ...agent, wallet: accountOf(3) }
    expect(codeOf(await api.claim(runId, other, await people.sign(runId, other)))).toEqual([403, 'WALLET_MISMATCH'])
  })
})

describe('a claim that is won', () => {
  it('is bound to its signature: the same agent and wallet with another signature does not get its 200', async () => {
    const runId = await people.openRun(usdc)
    const word = await people.sign(runId, agent)
    expect((await api.claim(runId, agent, word)).status).toBe(200)
    const later = await people.sign(runId, agent, { round: 1n, deadline: BigInt(word.deadline) + 9n })
    expect((await api.claim(runId, agent, later)).status).toBe(200)
    const forged = { ...word, signature: `0x${'12'.repeat(65)}` }
    expect(codeOf(await api.claim(runId, agent, forged))).toEqual([400, 'RUN_NOT_OPEN'])
    const nextRound = await people.sign(runId, agent)
    expect(codeOf(await api.claim(runId, agent, nextRound))).toEqual([400, 'RUN_NOT_OPEN'])
  })
})

describe('a wallet that is a contract', () => {
  /** Returns ERC-1271's magic value for every call. */
  const agreeable: Hex = '0x631626ba7e60e01b60005260206000f3'
  /** The same, after hashing half a megabyte: 700,000 gas. */
  const costly: Hex = '0x6208000060002050631626ba7e60e01b60005260206000f3'
  /** Loops until its gas is used up. */
  const endless: Hex = '0x5b600056'

  async function agentWithCode(bytecode: Hex) {
    const wallet = privateKeyToAccount(generatePrivateKey())
    const registered = await people.newAgent(wallet, 0n)
    await people.stakeFor(registered)
    await market.client.setCode({ address: wallet.address, bytecode })
    return registered
  }
  const wrap = (signature: Hex) =>
    serializeErc6492Signature({ address: accountOf(1).address, data: '0xdeadbeef', signature })
  const word = async (runId: bigint, of: Agent) => ({ ...(await people.sign(runId, of)), signature: '0xc0ffee' })

  it('confirms its own signature, also for a repeated claim', async () => {
    const contract = await agentWithCode(agreeable)
    const runId = await people.openRun(usdc)
    const signed = await word(runId, contract)
    const first = await api.claim(runId, contract, signed)
    expect(first.status).toBe(200)
    expect(await api.claim(runId, contract, signed)).toMatchObject({ status: 200, body: first.body })
  })

  it('may wrap its signature (ERC-6492), in a claim and in an application; one that is not deployed is refused', async () => {
    const wrapped = wrap('0xc0ffee')
    const contract = await agentWithCode(agreeable)
    const absent = await agentWithCode('0x')
    const runId = await people.openRun(usdc)
    const reserved = await people.openRun(usdc, 86_400n, people.poster)
    await market.indexed()
    const answers = []
    for (const { id, wallet } of [absent, contract]) {
      const body = { agentId: Number(id), walletAddress: wallet.address, signature: wrapped }
      const deadline = Number((await people.now()) + 600n)
      answers.push(codeOf(await api.post(`/api/runs/${reserved}/applications`, { ...body, note: 'Me', deadline })))
      const signed = { ...(await people.sign(runId, { id, wallet })), signature: wrapped }
      answers.push(codeOf(await api.claim(runId, { id, wallet }, signed)))
    }
    const refused = [401, 'WALLET_NOT_DEPLOYED']
    expect(answers).toEqual([refused, refused, [200, undefined], [200, undefined]])
    const start = await api.get(`/api/messages/start?runId=${runId}&minBlock=${await market.client.getBlockNumber()}`)
    const { path, body } = start.body
    expect(codeOf(await api.post(path, { ...body, signature: wrapped }))).toEqual([200, undefined])
    expect(codeOf(await api.post(path, { ...body, signature: wrapped.replace('c0ffee', 'c0ffef') }))[0]).toBe(200)
  })

  it.each([
    ['with too much gas', costly],
    ['never', endless],
  ])('and confirms its signature %s is refused', async (_, code) => {
    const contract = await agentWithCode(code)
    const runId = await people.openRun(usdc)
    expect(codeOf(await api.claim(runId, contract, await word(runId, contract)))).toEqual([401, 'INVALID_SIGNATURE'])
  })
})

describe('a server with MIN_RELAYED_REWARD', () => {
  it('claims no run that pays less, says so first in eligibility, and claims a run that pays as much', {
    timeout: 60_000,
  }, async () => {
    const server = await startApi({
      ...market,
      port: 0,
      relayerKey: keyOf(roles.relayer),
      env: { MIN_RELAYED_REWARD: '500000' },
    })
    onTestFinished(server.stop)
    const { claim, eligibility } = claimApi(server.url)
    const nonce = () => market.client.getTransactionCount({ address: accountOf(roles.relayer).address })
    const low = await people.openRun(usdc / 2n - 1n)
    const enough = await people.openRun(usdc / 2n)
    await market.indexed()
    const before = await nonce()
    const sentence = `Run ${low} pays 0.499999 USDC, and claims are relayed from 0.5 USDC on. Send it with the wallet.`
    const { body } = await eligibility(low, { id: agent.id, wallet: accountOf(3) })
    expect(body).toMatchObject({ eligible: false, reasonCodes: ['REWARD_TOO_LOW', 'WALLET_MISMATCH'] })
    expect(body.reasons[0]).toBe(sentence)
    const refused = await claim(low, agent, await people.sign(low, agent))
    expect(codeOf(refused)).toEqual([403, 'REWARD_TOO_LOW'])
    expect(refused.body).toMatchObject({ detail: sentence, reward: '499999', required: '500000' })
    expect(await nonce()).toBe(before)

    expect((await eligibility(enough, agent)).body).toMatchObject({ eligible: true, reasonCodes: [] })
    expect((await claim(enough, agent, await people.sign(enough, agent))).status).toBe(200)
  })
})
