import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type Hex, numberToHex, parseEther, parseGwei } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Refusal } from '../../../src/api/relay/refusal.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { type Reply, startRpcProxy } from '../../support/rpcProxy.ts'
import type { RpcCall } from '../../support/staleNode.ts'
import {
  contextOf,
  relayer,
  relayOn,
  requestOf,
  resultOf,
  signedRequestOf,
  signedWith,
  until,
} from '../claims/claimsOnChain.ts'

/** What one agent's claims may cost the relayer, in gas, before the relay stops to take them. */
const MOST_GAS_OF_A_BURST = 2_000_000n

/** As many as the attack that this file repeats. */
const BURST = 96

/** Returns ERC-1271's magic value. */
const AGREES = '631626ba7e60e01b60005260206000f3'
/** Agrees after hashing 128 kB: 70,000 gas, nearly as much as the relay pays for. */
const AGREES_AT_LENGTH: Hex = `0x6202000060002050${AGREES}`
/** Agrees where the gas has no price, as in a simulation without fees. Elsewhere it loops until its gas is used up. */
const AGREES_IF_FREE: Hex = `0x3a601457${AGREES}5b601456`
const BURNS: Hex = '0x5b600056'

/** Blocks are mined when a test mines them, or at once. */
let chain: TestChain & { databaseUrl: string }
let people: Participants
let relay: Relay

beforeAll(async () => {
  chain = { ...(await startTestChain({})), databaseUrl: await freshDatabase() }
  people = participantsOf(chain)
  relay = await relayOn(chain, { allowUnsigned: false })
  return async () => {
    await relay.close()
    await chain.stop()
  }
}, 60_000)

afterEach(() => chain.client.setAutomine(true))

const openRuns = (count: number) => Promise.all(Array.from({ length: count }, () => people.openRun(usdc / 100n)))
const pooled = async () => (await chain.client.getTxpoolStatus()).pending

/** An account that pays for the claims of another relay than that of most tests. */
async function payerOf(index: number) {
  const payer = accountOf(index)
  await chain.client.setBalance({ address: payer.address, value: parseEther('10') })
  return payer
}

/** An agent whose wallet is a contract. */
async function contractAgent(bytecode: Hex): Promise<Agent> {
  const wallet = privateKeyToAccount(generatePrivateKey())
  const agent = await people.newAgent(wallet, 0n)
  await people.stakeFor(agent)
  await chain.client.setCode({ address: wallet.address, bytecode })
  return agent
}

/** The gas that an account has paid for since the block. */
async function gasPaidBy(account: Hex, since: bigint): Promise<bigint> {
  let gas = 0n
  for (let block = since + 1n; block <= (await chain.client.getBlockNumber({ cacheTime: 0 })); block++) {
    for (const hash of (await chain.client.getBlock({ blockNumber: block })).transactions) {
      const { from, gasUsed } = await chain.client.getTransactionReceipt({ hash })
      if (from.toLowerCase() === account.toLowerCase()) gas += gasUsed
    }
  }
  return gas
}

const height = () => chain.client.getBlockNumber({ cacheTime: 0 })

/** Claims all runs at once. @returns the result of each. */
async function claimAll(agent: Agent, runIds: bigint[], signature?: Hex) {
  const words = await Promise.all(runIds.map((runId) => people.sign(runId, agent)))
  return words.map(({ deadline, signature: own }, place) => {
    const signed = { deadline: BigInt(deadline), signature: signature ?? own }
    return resultOf(relay, signedWith(requestOf(runIds[place] ?? 0n, agent), signed), 8_000)
  })
}

const countsOf = (results: string[]) =>
  Object.fromEntries([...Map.groupBy(results, (result) => result)].map(([result, all]) => [result, all.length]))

describe('96 claims of one agent at once', () => {
  it('of a wallet that agrees only where gas is free cost the relayer nothing', { timeout: 120_000 }, async () => {
    const agent = await contractAgent(AGREES_IF_FREE)
    const runIds = await openRuns(BURST)
    const before = await height()
    await Promise.all(await claimAll(agent, runIds, '0xc0ffee'))
    expect(await gasPaidBy(relayer.address, before)).toBe(0n)
  })

  it('of a wallet that no simulation tells from an honest one are three, which cost at most 2 M gas', {
    timeout: 120_000,
  }, async () => {
    const agent = await contractAgent(AGREES_AT_LENGTH)
    const { address } = agent.wallet
    const runIds = await openRuns(BURST)
    const before = await height()
    await chain.client.setAutomine(false)
    const results = await claimAll(agent, runIds, '0xc0ffee')
    await until('sent', async () => (await pooled()) === 3)
    await sleep(1_000)
    expect(await pooled()).toBe(3)
    await chain.client.setCode({ address, bytecode: BURNS })
    await chain.client.mine({ blocks: 1 })
    await chain.client.setCode({ address, bytecode: AGREES_AT_LENGTH })
    await chain.client.setAutomine(true)
    const counts = countsOf(await Promise.all(results))
    expect(counts.won).toBeUndefined()
    expect(counts.RATE_LIMITED).toBeGreaterThan(BURST / 2)
    const gas = await gasPaidBy(relayer.address, before)
    console.log(`96 claims of a hostile contract wallet cost the relayer ${gas} gas`)
    expect(gas).toBeGreaterThan(3n * 100_000n)
    expect(gas).toBeLessThanOrEqual(MOST_GAS_OF_A_BURST)
  })

  it('of a key whose agent takes its stake out before the block cost at most 2 M gas', {
    timeout: 120_000,
  }, async () => {
    const agent = await people.newAgent(accountOf(5))
    const runIds = await openRuns(BURST)
    const before = await height()
    await chain.client.setAutomine(false)
    const results = await claimAll(agent, runIds)
    await until('sent', async () => (await pooled()) > 0)
    await sleep(1_000)
    await chain.staking.write.unstake([agent.id, 20n * usdc], {
      account: agent.wallet.address,
      gas: 200_000n,
      maxPriorityFeePerGas: parseGwei('50'),
      maxFeePerGas: parseGwei('100'),
    })
    await chain.client.mine({ blocks: 1 })
    await chain.client.setAutomine(true)
    const counts = countsOf(await Promise.all(results))
    expect(counts.won).toBeUndefined()
    const gas = await gasPaidBy(relayer.address, before)
    console.log(`96 claims of a hostile key cost the relayer ${gas} gas: ${JSON.stringify(counts)}`)
    expect(gas).toBeGreaterThan(500_000n)
    expect(gas).toBeLessThanOrEqual(MOST_GAS_OF_A_BURST)
  })
})

describe('a wallet that burns gas from the next block on', () => {
  /** Agrees up to the block, then loops until its gas is used up. */
  const agreesUpTo = (block: bigint): Hex =>
    `0x63${numberToHex(block, { size: 4 }).slice(2)}4311601a57${AGREES}5b601a56`

  it('is refused, also by a node whose pending block is the latest one, as on the OP Stack', async () => {
    const node = await startRpcProxy(chain.rpcUrl)
    const [payer, databaseUrl] = await Promise.all([payerOf(22), freshDatabase()])
    const options = { accounts: [payer], allowUnsigned: false }
    const elsewhere = await relayOn({ ...chain, databaseUrl, rpcUrl: node.url }, options)
    onTestFinished(async () => {
      await elsewhere.close()
      await node.stop()
    })
    node.from(async ({ id, method, params: [call, block, ...others] }: RpcCall) => {
      if (block !== 'pending' || (method !== 'eth_call' && method !== 'eth_estimateGas')) return undefined
      const body = JSON.stringify({ jsonrpc: '2.0', id, method, params: [call, 'latest', ...others] })
      const headers = { 'Content-Type': 'application/json' }
      const reply = (await (await fetch(chain.rpcUrl, { method: 'POST', headers, body })).json()) as Reply
      return { kind: 'reply', reply }
    })
    const agent = await contractAgent(`0x${AGREES}`)
    const [runId = 0n] = await openRuns(1)
    const { deadline } = await people.sign(runId, agent)
    const signed = { deadline: BigInt(deadline), signature: '0xc0ffee' as const }
    await chain.client.setCode({ address: agent.wallet.address, bytecode: agreesUpTo(await height()) })
    const before = await height()
    const result = await resultOf(elsewhere, signedWith(requestOf(runId, agent), signed), 3_000)
    expect(['INVALID_SIGNATURE', 'CLAIM_REVERTED', 'RELAY_UNAVAILABLE']).toContain(result)
    expect(await gasPaidBy(payer.address, before)).toBe(0n)
  })
})

describe('the check of a contract wallet', () => {
  /** Agrees after hashing 216 kB: 150,000 gas. */
  const agreesAtTooGreatLength: Hex = `0x62034cc060002050${AGREES}`
  /** The same, but agrees at once where the caller pays for the gas, as in a check of the signature alone. */
  const agreesAtOnceIfAlone: Hex = `0x323314601e5762034cc060002050${AGREES}5b${AGREES}`

  it.each([
    ['always', agreesAtTooGreatLength],
    ['in a claim', agreesAtOnceIfAlone],
  ])('that takes 150,000 gas %s is refused, at no cost', async (_, bytecode) => {
    const agent = await contractAgent(bytecode)
    const runIds = await openRuns(1)
    const before = await height()
    const [result] = await Promise.all(await claimAll(agent, runIds, '0xc0ffee'))
    expect(['INVALID_SIGNATURE', 'CLAIM_REVERTED']).toContain(result)
    expect(await gasPaidBy(relayer.address, before)).toBe(0n)
  })

  it('that takes 70,000 gas is paid for', async () => {
    const agent = await contractAgent(AGREES_AT_LENGTH)
    const runIds = await openRuns(1)
    const before = await height()
    expect(await Promise.all(await claimAll(agent, runIds, '0xc0ffee'))).toEqual(['done'])
    const gas = await gasPaidBy(relayer.address, before)
    console.log(`a claim of a contract wallet that takes 70,000 gas cost the relayer ${gas} gas`)
    expect(gas).toBeGreaterThan(100_000n)
    expect(gas).toBeLessThan(200_000n)
  })

  it('that is long because of its signature counts its bytes', async () => {
    const agent = await contractAgent(`0x${AGREES}`)
    const runIds = await openRuns(2)
    const words = [`0x${'11'.repeat(2_000)}`, `0x${'11'.repeat(8_192)}`] as const
    const before = await height()
    const [short, long] = await Promise.all(
      words.map(async (word, place) => (await claimAll(agent, runIds.slice(place, place + 1), word))[0]),
    )
    expect([short, long]).toEqual(['done', 'CLAIM_REVERTED'])
    expect(await gasPaidBy(relayer.address, before)).toBeLessThan(200_000n)
  })
})

const budget = parseEther('0.1')

/** A relay whose wallets and posters have small shares of its budget. */
async function limitedRelay(payer: Awaited<ReturnType<typeof payerOf>>) {
  const databaseUrl = await freshDatabase()
  const others = { posts: 100_000n, registrations: 100_000n, anyone: 100_000n, perUsdc: 0n }
  const shares = { wallet: 10_000n, agent: 20_000n, poster: 15_000n, newcomers: 500_000n, ...others }
  const options = { accounts: [payer], allowUnsigned: false, dailyBudget: budget, shares }
  const limited = await relayOn({ ...chain, databaseUrl }, options)
  const pool = new pg.Pool({ connectionString: databaseUrl })
  onTestFinished(async () => {
    await limited.close()
    await pool.end()
  })
  return { limited, pool }
}

describe('claims before which the poster names another claimant', () => {
  it('cost at most the shares of their wallets within a day', { timeout: 120_000 }, async () => {
    const payer = await payerOf(20)
    const { limited } = await limitedRelay(payer)
    const agents = [await people.newAgent(accountOf(8)), await people.newAgent(accountOf(9))] as const
    const runId = await people.openRun(usdc / 100n, 86_400n, agents[0].wallet.address)
    const [start, before] = [await height(), await chain.client.getBalance({ address: payer.address })]
    const spent = async () => before - (await chain.client.getBalance({ address: payer.address }))
    let result = ''
    let times = 0
    for (; times < 40 && result !== 'RATE_LIMITED'; times++) {
      const [named, next] = times % 2 === 0 ? agents : [agents[1], agents[0]]
      const request = await signedRequestOf(people, runId, named)
      await chain.client.setAutomine(false)
      const claim = resultOf(limited, request, 8_000)
      await Promise.race([claim, until('sent', async () => (await pooled()) === 1)])
      const first = { gas: 200_000n, maxPriorityFeePerGas: parseGwei('50'), maxFeePerGas: parseGwei('100') }
      await chain.market.write.nameClaimant([runId, next.wallet.address], first)
      await chain.client.mine({ blocks: 1 })
      await chain.client.setAutomine(true)
      result = await claim
      expect(['NOT_CLAIMANT', 'RATE_LIMITED']).toContain(result)
    }
    expect([result, times > 3]).toEqual(['RATE_LIMITED', true])
    expect(await spent()).toBeLessThanOrEqual((budget * 2n) / 100n)
    const [gas, namings] = [await gasPaidBy(payer.address, start), await gasPaidBy(people.poster, start)]
    console.log(`${times} namings before claims: the relayer paid ${gas} gas, the poster ${namings}`)
    expect(namings).toBeGreaterThan((gas * 3n) / 4n)
  })
})

describe('claims that are won and abandoned', () => {
  it('cost at most the shares of their wallet and of their poster within a day', { timeout: 120_000 }, async () => {
    const payer = await payerOf(21)
    const { limited, pool } = await limitedRelay(payer)
    const [first, second] = [
      await people.newAgent(accountOf(6), 30n * usdc),
      await people.newAgent(accountOf(7), 30n * usdc),
    ]
    const [runId = 0n] = await openRuns(1)
    const before = await chain.client.getBalance({ address: payer.address })
    const spent = async () => before - (await chain.client.getBalance({ address: payer.address }))

    /** Claims and abandons until a claim is refused. @returns how often, and why. */
    async function claimAgain(agent: Agent) {
      for (let times = 0; times < 40; times++) {
        const request = await signedRequestOf(people, runId, agent)
        const refused = await limited.act(request, contextOf(AbortSignal.timeout(8_000))).then(
          () => undefined,
          (error: Refusal) => error,
        )
        if (refused) return { times, code: refused.code, detail: refused.detail }
        await people.mined(() => chain.market.write.abandonClaim([runId], { account: agent.wallet.address }))
      }
      throw new Error('No claim was refused')
    }

    const attackerBefore = await height()
    const ofWallet = await claimAgain(first)
    expect(ofWallet).toMatchObject({
      code: 'RATE_LIMITED',
      detail: expect.stringContaining(`wallet ${first.wallet.address}`),
    })
    expect(ofWallet.times).toBeGreaterThanOrEqual(3)
    const share = budget / 100n
    expect(await spent()).toBeLessThanOrEqual(share)
    const gas = await gasPaidBy(payer.address, attackerBefore)
    const attacker = await gasPaidBy(first.wallet.address, attackerBefore)
    console.log(`${ofWallet.times} claims, won and abandoned: the relayer paid ${gas} gas, the agent ${attacker}`)

    const ofPoster = await claimAgain(second)
    expect(ofPoster).toMatchObject({ code: 'RATE_LIMITED', detail: expect.stringContaining(`poster ${people.poster}`) })
    expect(await spent()).toBeLessThanOrEqual((share * 3n) / 2n)

    await pool.query("UPDATE relay.spending SET hour = hour - interval '25 hours'")
    expect((await claimAgain(first)).times).toBeGreaterThanOrEqual(3)
  })
})
