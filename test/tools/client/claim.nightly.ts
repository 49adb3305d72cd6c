import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createRunlineClient, type Signer, UndecidedError } from '../../../packages/client/src/index.ts'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { type HttpFault, startFaultyApi } from '../../support/faultyApi.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'

const relayer = accountOf(roles.relayer).address

let market: TestMarket
let people: Participants
let proxy: Awaited<ReturnType<typeof startFaultyApi>>
let agent: Agent

/** As on every chain but a devnet, a claim needs the wallet's signature. */
beforeAll(async () => {
  market = await startTestMarket({ api: { allowUnsignedClaims: false } })
  proxy = await startFaultyApi(market.api.url)
  people = participantsOf(market)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  return async () => {
    await proxy.stop()
    await market.stop()
  }
}, 120_000)

beforeEach(async () => {
  // A test that failed may have left these behind.
  proxy.faults.length = 0
  await resume()
  proxy.requests.length = 0
})

const client = (send = fetch) =>
  createRunlineClient({
    url: proxy.url,
    market: { chainId: market.chainId, address: market.market.address },
    fetch: send,
  })

const claim = (runId: bigint, { id, wallet }: { id: bigint; wallet: Signer } = agent) =>
  client().runs.claim(runId, { agentId: id, signer: wallet, timeoutSeconds: 60 })

/** Gets a 202 after two seconds instead of fifteen if the claim is undecided. */
const claimBriefly = (runId: bigint, timeoutSeconds: number) => {
  const { id, wallet } = agent
  return client((input, init) => {
    const request = new Request(input, init)
    request.headers.set('Prefer', 'wait=2')
    return fetch(request)
  }).runs.claim(runId, { agentId: id, signer: wallet, timeoutSeconds })
}

/** A run that the index shows: the API takes the message to sign from there. */
async function openRun() {
  const runId = await people.openRun(usdc)
  await market.indexed()
  return runId
}

const nonce = () => market.client.getTransactionCount({ address: relayer })

/** Stops mining until `resume`. */
async function pause() {
  await market.client.setAutomine(false)
  await market.client.setIntervalMining({ interval: 0 })
}

async function resume() {
  await market.client.setAutomine(true)
  // Transactions that came while mining was stopped.
  await market.client.mine({ blocks: 1 })
}

const problem = (status: number, code: string, headers: Record<string, string> = {}) => ({
  status,
  headers: { 'Content-Type': 'application/problem+json', ...headers },
  body: JSON.stringify({ status, code, detail: 'Said by the test.' }),
})

const gateway = { status: 403, headers: { 'Content-Type': 'application/json' }, body: '{"message":"Forbidden"}' }
const html = { status: 502, headers: { 'Content-Type': 'text/html' }, body: '<html>Bad Gateway</html>' }

describe('runs.claim', () => {
  it('signs the message of the run, and wins it', async () => {
    const runId = await openRun()
    expect(await claim(runId)).toMatchObject({
      success: true,
      run: { bountyId: Number(runId), state: 'CLAIMED', claimedBy: Number(agent.id) },
    })
    expect(proxy.requests).toEqual([
      `GET /api/runs/${runId}/claim-message?agentId=${agent.id}&walletAddress=${agent.wallet.address}`,
      `POST /api/runs/${runId}/claim`,
    ])
  })

  it('gives the signer no type EIP712Domain: ethers refuses it, and derives it from the domain', async () => {
    const runId = await openRun()
    const signed: Parameters<Signer['signTypedData']>[0][] = []
    const signer: Signer = {
      address: agent.wallet.address,
      signTypedData: (typedData) => {
        signed.push(typedData)
        return agent.wallet.signTypedData(typedData)
      },
    }
    expect(await claim(runId, { id: agent.id, wallet: signer })).toMatchObject({ success: true })
    expect(signed.map(({ types, primaryType }) => [Object.keys(types), primaryType])).toEqual([[['Claim'], 'Claim']])
  })

  it.each<[string, HttpFault[]]>([
    ['a refused connection', ['refuse', 'pass', 'refuse', 'refuse']],
    ['a lost answer', ['lose', 'pass', 'lose']],
    ['half an answer', ['cut', 'pass', 'cut']],
    ['503 and 429', [problem(503, 'INDEX_BEHIND', { 'Retry-After': '1' }), 'pass', problem(429, 'RATE_LIMITED')]],
    [
      '503 of the relay',
      ['pass', problem(503, 'RELAY_UNAVAILABLE', { 'Retry-After': '1' }), problem(503, 'CLAIM_PENDING')],
    ],
    ['an HTML page of a proxy', [html, 'pass', html]],
    ['the JSON of a gateway', [gateway, 'pass', gateway]],
    ['a Retry-After with a date', ['pass', problem(503, 'CLAIM_PENDING', { 'Retry-After': new Date().toUTCString() })]],
  ])('retries after %s, and claims once', async (_, faults) => {
    const runId = await openRun()
    const before = await nonce()
    proxy.faults.push(...faults)
    expect(await claim(runId)).toMatchObject({ success: true, run: { claimedBy: Number(agent.id) } })
    expect(proxy.faults).toEqual([])
    expect(await nonce()).toBe(before + 1)
  })

  it('repeats a claim that is answered with 202 until it is mined', async () => {
    const runId = await openRun()
    await pause()
    const claimed = claimBriefly(runId, 60)
    await expect
      .poll(() => proxy.requests.filter((line) => line === `POST /api/runs/${runId}/claim`).length, { timeout: 30_000 })
      .toBeGreaterThan(2)
    await resume()
    expect(await claimed).toMatchObject({ success: true, run: { claimedBy: Number(agent.id) } })
    expect(proxy.requests.at(-1)).toBe(`POST /api/runs/${runId}/claim`)
  })

  it('reports at its timeout that the claim is undecided; the claim is still decided', async () => {
    const runId = await openRun()
    await pause()
    const error = await claimBriefly(runId, 6).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(UndecidedError)
    expect(error).toMatchObject({
      message: expect.stringMatching(/undecided: it is (signed|accepted)\..* Wait with actions\.wait/),
      actionId: expect.stringMatching(/^0x/),
    })
    await resume()
    const holder = async () => (await market.market.read.getBounty([runId])).agentId
    await expect.poll(holder, { timeout: 10_000 }).toBe(Number(agent.id))
  })

  it('waits for the claim of an earlier call, which it does not make again', async () => {
    const runId = await openRun()
    const before = await nonce()
    await pause()
    await expect(claimBriefly(runId, 6)).rejects.toThrow(UndecidedError)
    proxy.requests.length = 0
    const claimed = claim(runId)
    await expect.poll(() => proxy.requests.at(-1), { timeout: 10_000 }).toBe(`POST /api/runs/${runId}/claim`)
    await resume()
    expect(await claimed).toMatchObject({ success: true, run: { claimedBy: Number(agent.id) } })
    expect(await nonce()).toBe(before + 1)
  })

  it('does not wait for an answer that would come after its timeout', async () => {
    const runId = await openRun()
    proxy.faults.push('pass', problem(429, 'RATE_LIMITED', { 'Retry-After': '80000' }))
    await expect(claim(runId)).rejects.toThrow('undecided: RATE_LIMITED: Said by the test.')
  })

  it('stops waiting when its signal aborts', async () => {
    const runId = await openRun()
    proxy.faults.push('pass', problem(429, 'RATE_LIMITED', { 'Retry-After': '20' }))
    const stopped = client().runs.claim(runId, {
      agentId: agent.id,
      signer: agent.wallet,
      signal: AbortSignal.timeout(500),
    })
    await expect(stopped).rejects.toThrow(/timeout/)
    expect(proxy.requests.length).toBe(2)
  })

  it('signs once: an API that refuses signatures gets no second one', async () => {
    const runId = await openRun()
    for (const code of ['INVALID_SIGNATURE', 'SIGNATURE_EXPIRED']) {
      proxy.faults.push('pass', problem(401, code))
      await expect(claim(runId)).rejects.toMatchObject({ code })
    }
    expect(proxy.requests).toHaveLength(4)
  })

  it.each<[string, () => Promise<Parameters<typeof claim>>]>([
    ['RUN_NOT_FOUND', async () => [999_999n]],
    ['AGENT_NOT_FOUND', async () => [await openRun(), { ...agent, id: 999_999n }]],
    ['WALLET_MISMATCH', async () => [await openRun(), { ...agent, wallet: accountOf(9) }]],
    ['INSUFFICIENT_STAKE', async () => [await openRun(), await people.newAgent(accountOf(4), 0n)]],
    [
      'RUN_NOT_OPEN',
      async () => {
        const runId = await openRun()
        await claim(runId)
        return [runId, await people.newAgent(accountOf(5))]
      },
    ],
  ])('reports %s without a retry or a transaction', async (code, prepare) => {
    const refused = await prepare()
    const before = await nonce()
    await expect(claim(...refused)).rejects.toMatchObject({ name: 'ProblemError', code, problem: { code } })
    expect(await nonce()).toBe(before)
  })

  it('needs the market that it may sign for', async () => {
    const { runs } = createRunlineClient({ url: proxy.url })
    const claimed = runs.claim(1n, { agentId: agent.id, signer: agent.wallet })
    await expect(claimed).rejects.toThrow('needs the option market')
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
