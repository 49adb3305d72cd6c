import type { Hex } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { claimApi, codeOf } from './claimApi.ts'
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
}, 120_000)

afterAll(() => market?.stop())

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
  const word = async (runId: bigint, of: Agent) => ({ ...(await people.sign(runId, of)), signature: '0xc0ffee' })

  it('confirms its own signature, also for a repeated claim', async () => {
    const contract = await agentWithCode(agreeable)
    const runId = await people.openRun(usdc)
    const signed = await word(runId, contract)
    const first = await api.claim(runId, contract, signed)
    expect(first.status).toBe(200)
    expect(await api.claim(runId, contract, signed)).toMatchObject({ status: 200, body: first.body })
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

describe('an index that does not advance', () => {
  it('does not make a claim fail: it is mined, and won when the index advances again', {
    timeout: 60_000,
  }, async () => {
    const runId = await people.openRun(usdc)
    await market.indexed()
    process.kill(market.indexer.part.pid, 'SIGSTOP')
    const signed = await people.sign(runId, agent)
    const answer = await api.claim(runId, agent, signed)
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
