import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { accountOf, roles } from '../../../devnet/accounts.ts'
import { claimRun } from '../../../examples/claimRun.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../../testkit/participants.ts'
import { type HttpFault, startHttpProxy } from '../../support/httpProxy.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'

const relayer = accountOf(roles.relayer).address

let market: TestMarket
let people: Participants
let proxy: Awaited<ReturnType<typeof startHttpProxy>>
let agent: Agent

/** As on every chain but a devnet, a claim needs the wallet's signature. */
beforeAll(async () => {
  market = await startTestMarket({ api: { allowUnsignedClaims: false } })
  proxy = await startHttpProxy(market.api.url)
  people = participantsOf(market)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  return async () => {
    await proxy.stop()
    await market.stop()
  }
}, 120_000)

beforeEach(() => {
  proxy.requests.length = 0
})

const claim = (runId: bigint, { id, wallet }: Agent = agent, timeoutSeconds = 60) =>
  claimRun({
    api: proxy.url,
    market: market.market.address,
    runId: Number(runId),
    agentId: Number(id),
    wallet,
    timeoutSeconds,
  })

const nonce = () => market.client.getTransactionCount({ address: relayer })

/** Stops mining until `resume`. */
async function pause() {
  await market.client.setAutomine(false)
  await market.client.setIntervalMining({ interval: 0 })
}

async function resume() {
  await market.client.setAutomine(true)
  await market.client.setIntervalMining({ interval: 1 })
}

const problem = (status: number, code: string, headers: Record<string, string> = {}) => ({
  status,
  headers: { 'Content-Type': 'application/problem+json', ...headers },
  body: JSON.stringify({ status, code, detail: 'Said by the test.' }),
})

describe('the client of docs/claims.md', () => {
  it('signs the message that the API requests, and wins the run', async () => {
    const runId = await people.openRun(usdc)
    expect(await claim(runId)).toMatchObject({
      success: true,
      run: { bountyId: Number(runId), state: 'CLAIMED', claimedBy: Number(agent.id) },
    })
    expect(proxy.requests).toEqual(Array(2).fill(`POST /api/runs/${runId}/claim`))
  })

  it.each<[string, HttpFault[]]>([
    ['a refused connection', ['refuse', 'pass', 'refuse', 'refuse']],
    ['a lost answer', ['lose', 'pass', 'lose']],
    ['half an answer', ['cut', 'pass', 'cut']],
    ['503 and 429', [problem(503, 'RELAY_UNAVAILABLE', { 'Retry-After': '1' }), 'pass', problem(429, 'RATE_LIMITED')]],
    [
      'an HTML page of a proxy',
      [{ status: 502, headers: { 'Content-Type': 'text/html' }, body: '<html>Bad Gateway</html>' }],
    ],
    ['a Retry-After with a date', [problem(503, 'INDEX_BEHIND', { 'Retry-After': new Date().toUTCString() })]],
  ])('retries after %s, and claims once', async (_, faults) => {
    const runId = await people.openRun(usdc)
    const before = await nonce()
    proxy.faults.push(...faults)
    expect(await claim(runId)).toMatchObject({ success: true, run: { claimedBy: Number(agent.id) } })
    expect(proxy.faults).toEqual([])
    expect(await nonce()).toBe(before + 1)
  })

  it('follows a 202 to its Location until the claim is mined', async () => {
    const runId = await people.openRun(usdc)
    await pause()
    proxy.faults.push('pass')
    const claimed = claim(runId)
    await expect
      .poll(() => proxy.requests.filter((line) => line.startsWith('GET /api/claims/0x')).length, {
        timeout: 30_000,
      })
      .toBeGreaterThan(1)
    await resume()
    expect(await claimed).toMatchObject({ success: true, run: { claimedBy: Number(agent.id) } })
    expect(proxy.requests.at(-1)).toBe(`POST /api/runs/${runId}/claim`)
  })

  it('times out and reports the claim’s state; the claim is still decided', async () => {
    const runId = await people.openRun(usdc)
    await pause()
    await expect(claim(runId, agent, 16)).rejects.toThrow(/^Undecided: (signed|accepted)$/)
    await resume()
    const holder = async () => (await market.market.read.getBounty([runId])).agentId
    await expect.poll(holder, { timeout: 10_000 }).toBe(Number(agent.id))
  })

  it('does not wait for an answer that would come after its timeout', async () => {
    proxy.faults.push(problem(429, 'RATE_LIMITED', { 'Retry-After': '80000' }))
    await expect(claim(1n)).rejects.toThrow('Undecided: RATE_LIMITED')
  })

  it('signs again if its signature was for an earlier round', async () => {
    const runId = await people.openRun(usdc)
    proxy.faults.push('pass', problem(401, 'SIGNATURE_EXPIRED'), 'pass', problem(401, 'INVALID_SIGNATURE'))
    expect(await claim(runId)).toMatchObject({ success: true })
    expect(proxy.requests.length).toBe(6)
  })

  it.each<[string, () => Promise<Parameters<typeof claim>>]>([
    ['RUN_NOT_FOUND', async () => [999_999n]],
    ['AGENT_NOT_FOUND', async () => [await people.openRun(usdc), { ...agent, id: 999_999n }]],
    ['WALLET_MISMATCH', async () => [await people.openRun(usdc), { ...agent, wallet: accountOf(9) }]],
    ['INSUFFICIENT_STAKE', async () => [await people.openRun(usdc), await people.newAgent(accountOf(4), 0n)]],
    [
      'RUN_NOT_OPEN',
      async () => {
        const runId = await people.openRun(usdc)
        await claim(runId)
        return [runId, await people.newAgent(accountOf(5))]
      },
    ],
  ])('reports %s without a retry or a transaction', async (code, prepare) => {
    const refused = await prepare()
    const before = await nonce()
    await expect(claim(...refused)).rejects.toThrow(`${code}: `)
    expect(await nonce()).toBe(before)
  })

  it('refuses to sign any other message', async () => {
    const domain = { name: 'USD Coin', version: '2', chainId: 31337, verifyingContract: market.usdc.address }
    const permit = { domain, types: {}, primaryType: 'Permit', message: { bountyId: '1', value: '1000000' } }
    const { body, ...answer } = problem(401, 'SIGNATURE_REQUIRED')
    proxy.faults.push({ ...answer, body: JSON.stringify({ ...JSON.parse(body), typedData: permit }) })
    await expect(claim(1n)).rejects.toThrow('The API asks for a signature of something else')
  })
})

describe('a claim that the agent sent to the contract itself', () => {
  it('is answered 202 without a Location until the index shows it, and then 200', async () => {
    const runId = await people.openRun(usdc)
    const { id, wallet } = agent
    const { signature, deadline } = await people.sign(runId, agent)
    const post = () =>
      fetch(`${market.api.url}/api/runs/${runId}/claim`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Prefer: 'wait=1' },
        body: JSON.stringify({ agentId: Number(id), walletAddress: wallet.address, signature, deadline }),
      })
    process.kill(market.indexer.part.pid, 'SIGSTOP')
    await sleep(100)
    await people.mined(() => market.market.write.claimBounty([runId, id], { account: wallet.address }))
    const pending = await post()
    process.kill(market.indexer.part.pid, 'SIGCONT')
    expect([pending.status, pending.headers.get('Location')]).toEqual([202, null])
    const { claimId, ...body } = (await pending.json()) as Record<string, unknown>
    expect(body).toMatchObject({
      success: false,
      status: 'mined',
      txHash: null,
      message: expect.stringContaining('Send the claim again'),
    })
    await market.indexed()
    const won = await post()
    expect([won.status, won.headers.get('Location')]).toEqual([200, null])
    expect(await won.json()).toMatchObject({ success: true, claimId, run: { claimedBy: Number(id) } })
  })
})
