import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type Hex, parseEther, toFunctionSelector } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { type Api, startApi } from '../../../tools/devnet/api.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { countClaimsOfRun } from '../../support/relayRows.ts'
import { type RpcProxy, startRpcProxy } from '../../support/rpcProxy.ts'
import type { RpcCall } from '../../support/staleNode.ts'
import { claimApi, codeOf } from '../claims/claimApi.ts'
import { until } from '../claims/claimsOnChain.ts'

const PER_MINUTE = 4

let market: TestMarket
let people: Participants
let pool: pg.Pool
let node: RpcProxy
let api: Api
let claims: ReturnType<typeof claimApi>

/** An API that accepts signed claims only, calls its node through `node`, and allows a wallet a few claims a minute. */
beforeAll(async () => {
  market = await startTestMarket()
  people = participantsOf(market)
  pool = new pg.Pool({ connectionString: market.databaseUrl })
  node = await startRpcProxy(market.rpcUrl)
  const env = { WALLET_CLAIMS_PER_MINUTE: String(PER_MINUTE), MAX_UNMINED: '1', TRUST_PROXY: '1' }
  const relayerKey = keyOf(roles.relayer)
  api = await startApi({ ...market, port: 0, rpcUrl: node.url, relayerKey, allowUnsignedClaims: false, env })
  claims = claimApi(api.url)
  return async () => {
    await api.stop()
    await node.stop()
    await pool.end()
    await market.stop()
  }
}, 120_000)

afterEach(async () => {
  node.heal()
  await market.client.setAutomine(true)
})

const openRuns = (count: number) => Promise.all(Array.from({ length: count }, () => people.openRun(usdc)))

async function claimSigned(runId: bigint, agent: Agent, headers: Record<string, string> = {}) {
  return claims.claim(runId, agent, await people.sign(runId, agent), headers)
}

async function stopMining() {
  await market.client.setAutomine(false)
  await market.client.setIntervalMining({ interval: 0 })
}

const unmined = async () => (await market.client.getTxpoolStatus()).pending

const claimantOf = async (runId: bigint) => (await market.market.read.getBounty([runId])).wallet

describe('forged claims of a run', () => {
  const JUNK = 300

  /** Claims with signatures that recover to other addresses than the named wallets, from 20 clients. */
  async function junkOf(runId: bigint) {
    const deadline = Number(await people.now()) + 600
    const signature = await accountOf(9).signMessage({ message: 'anything' })
    const wallets = Array.from({ length: JUNK }, () => privateKeyToAccount(generatePrivateKey()))
    return wallets.map((wallet, index) => () => {
      const headers = { 'X-Forwarded-For': `198.51.100.${index % 20}` }
      return claims.claim(runId, { id: BigInt(index + 1), wallet }, { signature, deadline }, headers)
    })
  }

  it('are not simulated, and an honest claim among them is won', async () => {
    const agent = await people.newAgent(accountOf(2))
    const [flooded = 0n] = await openRuns(1)
    const junk = await junkOf(flooded)
    const word = await people.sign(flooded, agent)
    const calls = new Map<string, number>()
    node.from(({ method }: RpcCall) => {
      calls.set(method, (calls.get(method) ?? 0) + 1)
      return undefined
    })
    const answering = junk.map((ask) => ask())
    const headers = { 'X-Forwarded-For': '203.0.113.1' }
    const honest = await claims.claim(flooded, agent, word, headers)
    const answers = await Promise.all(answering)
    node.heal()
    expect(honest.status).toBe(200)
    // Forged claims sent while the honest claim is pending wait for it, and are then refused: the run is taken.
    for (const { body } of answers) expect(['INVALID_SIGNATURE', 'RUN_NOT_OPEN']).toContain(body.code)
    // The relay reads the run once per head and checks each wallet for code. It simulates nothing.
    expect(calls.get('eth_estimateGas') ?? 0).toBeLessThan(10)
    expect(calls.get('eth_call') ?? 0).toBeLessThan(JUNK / 2)
  })
})

describe('concurrent claims of a wallet', () => {
  it('do not exceed its limit together', async () => {
    const agent = await people.newAgent(accountOf(3), 1_000n * usdc)
    const runIds = await openRuns(3 * PER_MINUTE)
    const words = await Promise.all(runIds.map((runId) => people.sign(runId, agent)))
    const answers = await Promise.all(runIds.map((runId, index) => claims.claim(runId, agent, words[index])))
    const statuses = answers.map(({ status }) => status).toSorted()
    expect(statuses).toEqual([...Array(PER_MINUTE).fill(200), ...Array(2 * PER_MINUTE).fill(429)])
  })
})

describe('an idempotency key', () => {
  it('is scoped to an agent and its wallet: other agents may use the same', async () => {
    const agents = [await people.newAgent(accountOf(4)), await people.newAgent(accountOf(5))]
    const runIds = await openRuns(2)
    for (const [index, agent] of agents.entries()) {
      const answer = await claimSigned(runIds[index] ?? 0n, agent, { 'Idempotency-Key': 'claim-1' })
      expect(answer.status).toBe(200)
      expect(answer.body.run.bountyId).toBe(Number(runIds[index]))
    }
  })

  it('is bound to no claim that the wallet sent to the contract itself', async () => {
    const agent = await people.newAgent(accountOf(6), 1_000n * usdc)
    const [own = 0n, other = 0n] = await openRuns(2)
    const key = { 'Idempotency-Key': randomUUID() }
    const word = await people.sign(own, agent)
    await people.mined(() => market.market.write.claimBounty([own, agent.id], { account: agent.wallet.address }))
    await market.indexed()
    const first = await claims.claim(own, agent, word, key)
    expect(first.status).toBe(200)
    const again = await claims.claim(own, agent, word, key)
    expect(again).toMatchObject({ status: 200, body: { claimId: first.body.claimId, txHash: first.body.txHash } })
    expect((await claimSigned(other, agent, key)).status).toBe(200)
    expect(codeOf(await claims.claim(own, agent, word, key))).toEqual([422, 'IDEMPOTENCY_CONFLICT'])
  })
})

describe('claims of a batch', () => {
  const claimBatch = toFunctionSelector('claimBatch((uint256,uint256,address,uint256,bytes)[])')

  it('are simulated one by one if the call for all of them is not answered', { timeout: 60_000 }, async () => {
    const agents = await Promise.all([7, 8, 10, 11].map((index) => people.newAgent(accountOf(index))))
    const runIds = await openRuns(agents.length)
    const words = await Promise.all(agents.map((agent, index) => people.sign(runIds[index] ?? 0n, agent)))
    let together = 0
    node.from(({ method, params: [call] }: RpcCall) => {
      if (method !== 'eth_call' || !(call as { data?: Hex }).data?.startsWith(claimBatch)) return undefined
      together++
      return { kind: 'hang' }
    })
    const answers = await Promise.all(
      agents.map((agent, index) => claims.claim(runIds[index] ?? 0n, agent, words[index])),
    )
    expect(together).toBeGreaterThan(0)
    expect(answers.map(({ status }) => status)).toEqual(Array(agents.length).fill(200))
  })

  it('are sent by another signer if the balance of one signer cannot be read', { timeout: 60_000 }, async () => {
    const dead = accountOf(21).address
    for (const index of [21, 22]) {
      await market.client.setBalance({ address: accountOf(index).address, value: parseEther('1') })
    }
    const signers = [keyOf(21), keyOf(22)].join() as Hex
    const two = await startApi({
      ...market,
      port: 0,
      rpcUrl: node.url,
      relayerKey: signers,
      allowUnsignedClaims: false,
    })
    const agent = await people.newAgent(accountOf(12), 1_000n * usdc)
    const runIds = await openRuns(6)
    const words = await Promise.all(runIds.map((runId) => people.sign(runId, agent)))
    node.from(({ method, params: [address] }: RpcCall) => {
      const isDead = method === 'eth_getBalance' && String(address).toLowerCase() === dead.toLowerCase()
      return isDead ? { kind: 'reply', reply: { error: { code: -32_000, message: 'missing trie node' } } } : undefined
    })
    const other = claimApi(two.url)
    const statuses: number[] = []
    for (const [index, runId] of runIds.entries()) {
      statuses.push((await other.claim(runId, agent, words[index])).status)
    }
    await two.stop()
    expect(statuses).toEqual(Array(runIds.length).fill(200))
  })
})

describe('a client that leaves', () => {
  it('leaves nothing behind: its queued claim is not sent', { timeout: 60_000 }, async () => {
    const first = await people.newAgent(accountOf(13))
    const second = await people.newAgent(accountOf(14))
    const [taken = 0n, left = 0n] = await openRuns(2)
    const word = await people.sign(left, second)
    await stopMining()
    const ahead = claimSigned(taken, first)
    await until('the first is sent', async () => (await unmined()) === 1)
    const leaving = new AbortController()
    const body = JSON.stringify({ agentId: Number(second.id), walletAddress: second.wallet.address, ...word })
    const headers = { 'Content-Type': 'application/json' }
    const request = { method: 'POST', headers, body, signal: leaving.signal }
    const gone = fetch(`${api.url}/api/runs/${left}/claim`, request).catch((error) => error.name)
    await sleep(1_000)
    leaving.abort()
    expect(await gone).toBe('AbortError')
    await sleep(200)
    await market.client.setAutomine(true)
    await market.client.mine({ blocks: 1 })
    expect((await ahead).status).toBe(200)
    await sleep(1_500)
    expect(BigInt(await claimantOf(left))).toBe(0n)
    expect(await countClaimsOfRun(pool, left)).toBe(0)
  })
})

describe('a rival of an undecided claim', () => {
  it('is answered with the pending claim’s id, and when to retry', { timeout: 60_000 }, async () => {
    const agent = await people.newAgent(accountOf(15))
    const rival = await people.newAgent(accountOf(16))
    const [runId = 0n] = await openRuns(1)
    const words = [await people.sign(runId, agent), await people.sign(runId, rival)]
    await stopMining()
    const pending = await claims.claim(runId, agent, words[0], { Prefer: 'wait=1' })
    expect(pending).toMatchObject({ status: 202, body: { status: 'accepted' } })
    const waiting = await claims.claim(runId, rival, words[1], { Prefer: 'wait=1' })
    expect(codeOf(waiting)).toEqual([503, 'CLAIM_PENDING'])
    expect(waiting.body.claimId).toBe(pending.body.claimId)
    expect(Number(waiting.headers.get('Retry-After'))).toBeGreaterThan(0)
  })
})

describe('the state of a claim', () => {
  it('is at least as new as the 200 that its client got', { timeout: 60_000 }, async () => {
    const agent = await people.newAgent(accountOf(17))
    const [runId = 0n] = await openRuns(1)
    const word = await people.sign(runId, agent)
    // The relayer may have one unmined transaction: the one of the test before must be settled.
    await until('no unmined transactions', async () => {
      const { rowCount } = await pool.query("SELECT FROM relay.tx WHERE state IN ('signed', 'accepted')")
      return rowCount === 0
    })
    const keeper = await pool.connect()
    try {
      // Keeps every keeper from storing the chain's decision.
      await keeper.query('BEGIN')
      await keeper.query('SELECT FROM relay.keeper FOR UPDATE')
      const answering = claims.claim(runId, agent, word)
      await until('the run is won on chain', async () => BigInt(await claimantOf(runId)) !== 0n)
      await sleep(1_000)
      await keeper.query('ROLLBACK')
      const won = await answering
      expect(won.status).toBe(200)
      const { body } = await claims.get(`/api/claims/${won.body.claimId}`)
      expect(body).toMatchObject({ state: 'mined', txHash: won.body.txHash, blockNumber: won.body.blockNumber })
    } finally {
      await keeper.query('ROLLBACK')
      keeper.release()
    }
  })
})
