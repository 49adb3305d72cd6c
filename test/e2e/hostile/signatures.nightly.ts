import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import { type Address, encodeErrorResult, type Hex, hexToBigInt, isAddressEqual, parseAbi, size } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { beforeAll, describe, expect, it } from 'vitest'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { countReverts, countSent } from '../../support/relayRows.ts'
import { type RpcProxy, startRpcProxy } from '../../support/rpcProxy.ts'
import { claimApi, codeOf } from '../claims/claimApi.ts'
import { until } from '../claims/claimsOnChain.ts'

/** Returns ERC-1271's magic value for every call. */
const AGREES: Hex = '0x631626ba7e60e01b60005260206000f3'
/** Loops until its gas is used up. */
const BURNS_GAS: Hex = '0x5b600056'

let market: TestMarket
let people: Participants
let pool: pg.Pool
let node: RpcProxy
/** An API that accepts signed claims only, calls its node through `node`, and allows a client five claims a minute. */
let api: ReturnType<typeof claimApi>

beforeAll(async () => {
  market = await startTestMarket()
  people = participantsOf(market)
  pool = new pg.Pool({ connectionString: market.databaseUrl })
  node = await startRpcProxy(market.rpcUrl)
  const env = { CLAIMS_PER_MINUTE: '5', TRUST_PROXY: '1' }
  const relayerKey = keyOf(roles.relayer)
  const strict = await startApi({ ...market, port: 0, rpcUrl: node.url, relayerKey, allowUnsignedClaims: false, env })
  api = claimApi(strict.url)
  return async () => {
    await strict.stop()
    await node.stop()
    await pool.end()
    await market.stop()
  }
}, 120_000)

let clients = 0
/** Headers of a separate client, as the operator's proxy sets them. */
const newClient = () => ({ 'X-Forwarded-For': `198.51.100.${++clients}` })

const relayerNonce = () => market.client.getTransactionCount({ address: accountOf(roles.relayer).address })

/** An agent whose wallet is a contract. */
async function contractAgent(bytecode: Hex): Promise<Agent> {
  const wallet = privateKeyToAccount(generatePrivateKey())
  const agent = await people.newAgent(wallet, 0n)
  await people.stakeFor(agent)
  await market.client.setCode({ address: wallet.address, bytecode })
  return agent
}

/** The claim's fields, with a signature that no key made. */
const contractWord = async (runId: bigint, agent: Agent, signature: Hex = '0xc0ffee') => ({
  ...(await people.sign(runId, agent)),
  signature,
})

/** Code that reverts with ERC-3668's OffchainLookup of the URL. */
function looksUp(url: string, sender: Address): Hex {
  const data = encodeErrorResult({
    abi: parseAbi([
      'error OffchainLookup(address sender, string[] urls, bytes callData, bytes4 callback, bytes extraData)',
    ]),
    args: [sender, [url], '0x12', '0x12345678', '0x'],
  })
  const length = size(data).toString(16).padStart(4, '0')
  // CODECOPY of the data after these 14 bytes, then REVERT with it.
  return `0x61${length}600e60003961${length}6000fd${data.slice(2)}`
}

describe('a contract wallet that returns a URL (ERC-3668)', () => {
  it('does not make the API fetch it, whether the run is open or claimed by the wallet', async () => {
    const fetched: string[] = []
    const server = createServer((request, response) => {
      fetched.push(request.url ?? '')
      response.end('{}')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/{sender}/{data}`
    const agent = await contractAgent(AGREES)
    const runId = await people.openRun(usdc)
    expect((await api.claim(runId, agent, await contractWord(runId, agent), newClient())).status).toBe(200)
    const { address } = agent.wallet
    await market.client.setCode({ address, bytecode: looksUp(url, address) })
    const other = await contractWord(runId, agent, '0xbadbad')
    expect(codeOf(await api.claim(runId, agent, other, newClient()))).toEqual([400, 'RUN_NOT_OPEN'])
    const open = await people.openRun(usdc)
    const claim = await api.claim(open, agent, await contractWord(open, agent), newClient())
    expect(codeOf(claim)).toEqual([401, 'INVALID_SIGNATURE'])
    expect(fetched).toEqual([])
    server.close()
  })
})

describe('a contract wallet that burns gas', () => {
  it('is called with little gas, so that it delays no other claim', async () => {
    const agent = await contractAgent(AGREES)
    const runId = await people.openRun(usdc)
    expect((await api.claim(runId, agent, await contractWord(runId, agent), newClient())).status).toBe(200)
    await market.client.setCode({ address: agent.wallet.address, bytecode: BURNS_GAS })
    const limits: (Hex | undefined)[] = []
    node.from(({ method, params: [call] }) => {
      const { to, gas } = (call ?? {}) as { to?: Address; gas?: Hex }
      if (method === 'eth_call' && to && isAddressEqual(to, agent.wallet.address)) limits.push(gas)
      return undefined
    })
    const again = await contractWord(runId, agent, '0xbadbad')
    expect(codeOf(await api.claim(runId, agent, again, newClient()))).toEqual([400, 'RUN_NOT_OPEN'])
    node.heal()
    expect(limits.length).toBeGreaterThan(0)
    for (const gas of limits) expect(hexToBigInt(gas ?? '0xffffffffff')).toBeLessThan(300_000n)
  })
})

describe('an invalid signature for a claim that was won', () => {
  it('counts against its client’s limit', async () => {
    const agent = await people.newAgent(accountOf(2))
    const runId = await people.openRun(usdc)
    const word = await people.sign(runId, agent)
    const client = newClient()
    expect((await api.claim(runId, agent, word, client)).status).toBe(200)
    const statuses: number[] = []
    for (let times = 0; times < 10; times++) {
      const forged = { ...word, signature: `0x${`${times}1`.repeat(65)}` }
      statuses.push((await api.claim(runId, agent, forged, client)).status)
    }
    expect(statuses.slice(0, 4)).toEqual(Array(4).fill(400))
    expect(statuses.slice(4)).toEqual(Array(6).fill(429))
    // A repeat of the claim counts for its address too. Another address gets its answer.
    expect((await api.claim(runId, agent, word, client)).status).toBe(429)
    expect((await api.claim(runId, agent, word, newClient())).status).toBe(200)
  })
})

describe('a signature that is about to expire', () => {
  it('is refused before anything is sent, with the validity that must be left', async () => {
    const agent = await people.newAgent(accountOf(3))
    const runId = await people.openRun(usdc)
    const before = await relayerNonce()
    const word = await people.sign(runId, agent, { deadline: (await people.now()) + 5n })
    const refused = await api.claim(runId, agent, word, newClient())
    expect(codeOf(refused)).toEqual([401, 'SIGNATURE_EXPIRED'])
    expect(refused.body.detail).toContain('30 s must be left')
    expect(await relayerNonce()).toBe(before)
  })

  it('and expires before its block counts as the agent’s fault, each time that the claim is sent', async () => {
    const agent = await people.newAgent(accountOf(4))
    const runId = await people.openRun(usdc)
    const { client } = market
    for (const attempt of [1, 2]) {
      await client.setAutomine(false)
      await client.setIntervalMining({ interval: 0 })
      const word = await people.sign(runId, agent, { deadline: (await people.now()) + 40n })
      const claim = api.claim(runId, agent, word, newClient())
      await until('sent', async () => (await client.getTxpoolStatus()).pending === 1)
      await client.increaseTime({ seconds: 100 })
      await client.mine({ blocks: 1 })
      await client.setAutomine(true)
      expect(codeOf(await claim)).toEqual([401, 'SIGNATURE_EXPIRED'])
      expect(await countReverts(pool, agent.id)).toBe(attempt)
      expect(await countSent(pool, agent.wallet.address)).toBe(attempt)
    }
  })
})

describe('an empty signature', () => {
  it('is refused as malformed, also if the relayer may claim without signatures', async () => {
    const agent = await people.newAgent(accountOf(5), 1_000n * usdc)
    const runIds = [await people.openRun(usdc), await people.openRun(usdc)]
    const deadline = Number(await people.now()) + 600
    const answers = await Promise.all(
      runIds.map((runId) => api.claim(runId, agent, { signature: '0x', deadline }, newClient())),
    )
    for (const answer of answers) {
      expect(codeOf(answer)).toEqual([400, 'VALIDATION_FAILED'])
      expect(answer.body).toMatchObject({ field: 'signature', value: '0x' })
    }
    for (const runId of runIds) expect((await market.market.read.getBounty([runId])).agentId).toBe(0)
  })
})
