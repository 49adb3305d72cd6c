import { setTimeout as sleep } from 'node:timers/promises'
import { parseEther, parseGwei } from 'viem'
import { type PrivateKeyAccount, toAccount } from 'viem/accounts'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ClaimRequest } from '../../../src/api/relay/kinds/claims/message.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { contextOf, relayer, relayOn, requestOf, resultOf, signedRequestOf, until } from './claimsOnChain.ts'

let chain: TestChain
let people: Participants
let agent: Agent
let stop: (() => Promise<void>)[] = []

beforeAll(async () => {
  chain = await startTestChain({})
  people = participantsOf(chain)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  for (const index of [20, 21, 22]) {
    await chain.client.setBalance({ address: accountOf(index).address, value: parseEther('1') })
  }
  return chain.stop
}, 60_000)

afterEach(async () => {
  await chain.client.setAutomine(true)
  await Promise.all(stop.map((end) => end()))
  stop = []
})

/** A relay that is closed at the end of its test. */
async function start(databaseUrl: string, options: Parameters<typeof relayOn>[1], log: string[] = []): Promise<Relay> {
  const relay = await relayOn({ ...chain, databaseUrl }, options, log)
  stop.push(() => relay.close())
  return relay
}

const messageOf = (relay: Relay, request: ClaimRequest, timeout = 5_000): Promise<string> =>
  relay.act(request, contextOf(AbortSignal.timeout(timeout))).then(
    ({ status }) => status,
    (error) => error.message,
  )

const signed = (runId: bigint) => signedRequestOf(people, runId, agent)

const nonce = (address = relayer.address) => chain.client.getTransactionCount({ address })

/** A remote key store. It refuses to sign while it is down, and notes when it was asked, by `performance.now()`. */
function keyStore(key: PrivateKeyAccount, { isDown }: { isDown: boolean }) {
  const askedAt: number[] = []
  const account = toAccount({
    ...key,
    signTransaction: async (...transaction) => {
      askedAt.push(performance.now())
      if (store.isDown) throw new Error('the key store is down')
      return key.signTransaction(...transaction)
    },
  })
  const store = { account, askedAt, isDown }
  return store
}

describe('a signer whose key is in a remote key store', () => {
  const key = accountOf(20)

  it('that answers slowly still lets the claim win', async () => {
    const remote = toAccount({
      address: key.address,
      signMessage: (message) => key.signMessage(message),
      signTypedData: (data) => key.signTypedData(data),
      async signTransaction(...transaction) {
        await sleep(500)
        return key.signTransaction(...transaction)
      },
    })
    const relay = await start(await freshDatabase(), { accounts: [remote] })
    expect(await resultOf(relay, await signed(await people.openRun(usdc)))).toBe('done')
  })

  it('that fails is reported as unavailable at once, nothing is stored, and a later claim is won', async () => {
    const store = keyStore(key, { isDown: true })
    const relay = await start(await freshDatabase(), { accounts: [store.account] })
    const request = await signed(await people.openRun(usdc))
    const before = await nonce(key.address)
    expect(await messageOf(relay, request)).toBe('The relayer’s key does not sign.')
    expect(await relay.signers()).toMatchObject([{ unmined: 0 }])
    store.isDown = false
    await until('done', async () => (await messageOf(relay, request)) === 'done')
    expect(await nonce(key.address)).toBe(before + 1)
  })

  it('that never answers times out within seconds', async () => {
    const silent = toAccount({ ...key, signTransaction: () => new Promise(() => undefined) })
    const relay = await start(await freshDatabase(), { accounts: [silent] })
    // The request itself waits longer, and would end as undecided.
    expect(await messageOf(relay, await signed(await people.openRun(usdc)), 25_000)).toMatch('does not sign')
  })

  it('that fails rests: another signer makes all claims, and it is used again once it signs', {
    timeout: 60_000,
  }, async () => {
    const bad = accountOf(21)
    const store = keyStore(bad, { isDown: true })
    const log: string[] = []
    const relay = await start(await freshDatabase(), { accounts: [store.account, key], maxBatch: 1 }, log)
    const before = await nonce(key.address)
    for (let count = 0; count < 8; count++) {
      expect(await messageOf(relay, await signed(await people.openRun(usdc)), 10_000)).toBe('done')
    }
    expect(await nonce(key.address)).toBe(before + 8)
    expect(log.filter((line) => line.includes('its signer rests')).length).toBe(store.askedAt.length)
    // Each rest is twice as long as the one before it.
    await until(
      'asked thrice',
      async () => {
        expect(await messageOf(relay, await signed(await people.openRun(usdc)), 10_000)).toBe('done')
        return store.askedAt.length >= 3
      },
      20_000,
    )
    const [first = 0, second = 0, third = 0] = store.askedAt
    expect(second - first).toBeGreaterThan(1_000)
    expect(third - second).toBeGreaterThan(2_000)
    store.isDown = false
    await until(
      'used again',
      async () => {
        expect(await messageOf(relay, await signed(await people.openRun(usdc)), 10_000)).toBe('done')
        return (await nonce(bad.address)) > 0
      },
      20_000,
    )
  })

  it('that fails does not keep its signed transactions from being sent again', { timeout: 30_000 }, async () => {
    const store = keyStore(key, { isDown: false })
    const relay = await start(await freshDatabase(), { accounts: [store.account] })
    const request = await signed(await people.openRun(usdc))
    await chain.client.setAutomine(false)
    const claiming = messageOf(relay, request, 20_000)
    await until('sent', async () => (await chain.client.getTxpoolStatus()).pending === 1)
    store.isDown = true
    await chain.client.request({ method: 'anvil_dropAllTransactions' } as never)
    await chain.client.mine({ blocks: 4 })
    await until('sent again', async () => (await chain.client.getTxpoolStatus()).pending === 1, 15_000)
    await chain.client.mine({ blocks: 1 })
    expect(await claiming).toBe('done')
  })
})

describe('a claim whose transaction lost its nonce to a foreign one, while its signer’s key does not sign', () => {
  const bad = accountOf(23)

  /** Such a claim, with a relay that has the key and those of `others`. */
  async function stranded(others: PrivateKeyAccount[]) {
    await chain.client.setBalance({ address: bad.address, value: parseEther('1') })
    const databaseUrl = await freshDatabase()
    const request = await signed(await people.openRun(usdc))
    await chain.client.setAutomine(false)
    const old = await relayOn({ ...chain, databaseUrl }, { accounts: [bad] })
    expect(await messageOf(old, request, 700)).toBe('accepted')
    await old.close()
    const store = keyStore(bad, { isDown: true })
    const relay = await start(databaseUrl, { accounts: [store.account, ...others] })
    await chain.client.sendTransaction({
      account: bad,
      to: bad.address,
      nonce: await nonce(bad.address),
      maxFeePerGas: parseGwei('100'),
      maxPriorityFeePerGas: parseGwei('90'),
    })
    await chain.client.mine({ blocks: 1 })
    await chain.client.setAutomine(true)
    const sign = () => {
      store.isDown = false
    }
    return { relay, request, sign }
  }

  it('is made by another signer', { timeout: 40_000 }, async () => {
    const other = accountOf(22)
    const before = await nonce(other.address)
    const { relay, request } = await stranded([other])
    expect(await messageOf(relay, request, 30_000)).toBe('done')
    expect(await nonce(other.address)).toBe(before + 1)
  })

  it('without another signer is 202, the operator sees why, and it is won once the key signs', {
    timeout: 60_000,
  }, async () => {
    const { relay, request, sign } = await stranded([])
    const failure = async () => (await relay.signers())[0]?.signingFailure
    await until('reported', async () => (await failure()) !== undefined, 30_000)
    expect(await failure()).toContain('the key store is down')
    expect(await messageOf(relay, request, 1_000)).toBe('signed')
    sign()
    expect(await messageOf(relay, request, 30_000)).toBe('done')
  })
})

describe('a daily budget', () => {
  const budget = { dailyBudget: parseEther('0.0008') }

  it('once spent, makes every replica refuse with that reason, and the amount equals the receipts’', async () => {
    const databaseUrl = await freshDatabase()
    const relay = await start(databaseUrl, { ...budget, maxBatch: 1 })
    const first = await nonce()
    let result = 'done'
    for (let claims = 0; result === 'done' && claims < 40; claims++) {
      await chain.client.setNextBlockBaseFeePerGas({ baseFeePerGas: parseGwei('1') })
      result = await messageOf(relay, requestOf(await people.openRun(usdc), agent))
    }
    expect(result).toBe('The relayer has spent its daily budget for gas.')
    const [state] = await relay.signers()
    expect(state).toMatchObject({ unmined: 0, committed: 0n, budget: budget.dailyBudget })
    expect(state?.spent).toBe(await feesSince(first))
    expect(state?.spent).toBeLessThanOrEqual(budget.dailyBudget)
    const richer = await start(databaseUrl, {})
    expect(await richer.signers()).toMatchObject([{ spent: state?.spent }])
    expect(await messageOf(richer, requestOf(await people.openRun(usdc), agent))).toBe('done')
  })

  /** The total cost of the relayer's transactions from this nonce on. */
  async function feesSince(first: number): Promise<bigint> {
    const head = await chain.client.getBlockNumber()
    let sum = 0n
    for (let number = head; number > 0n; number--) {
      const { transactions } = await chain.client.getBlock({ blockNumber: number, includeTransactions: true })
      for (const { from, nonce: used, hash } of transactions) {
        if (from !== relayer.address.toLowerCase() || used < first) continue
        const { gasUsed, effectiveGasPrice } = await chain.client.getTransactionReceipt({ hash })
        sum += gasUsed * effectiveGasPrice
      }
    }
    return sum
  }

  it('counts pending transactions at their maximum fee: a claim that could exceed the budget waits', async () => {
    const relay = await start(await freshDatabase(), budget)
    const runId = await people.openRun(usdc)
    const later = await people.openRun(usdc)
    await chain.client.setNextBlockBaseFeePerGas({ baseFeePerGas: parseGwei('1') })
    await chain.client.mine({ blocks: 1 })
    await chain.client.setAutomine(false)
    const result = messageOf(relay, requestOf(runId, agent), 10_000)
    await until('sent', async () => (await chain.client.getTxpoolStatus()).pending === 1)
    const waiting = messageOf(relay, requestOf(later, agent), 10_000)
    await until('waiting', async () => relay.waiting() === 1)
    await sleep(300)
    expect(relay.waiting()).toBe(1)
    const [state] = await relay.signers()
    expect(state?.committed).toBeGreaterThan(0n)
    // At a lower price the rest of the budget is enough for the other claim.
    await chain.client.setNextBlockBaseFeePerGas({ baseFeePerGas: parseGwei('0.1') })
    await chain.client.setAutomine(true)
    await chain.client.mine({ blocks: 1 })
    expect(await result).toBe('done')
    // The wallet's share counts the first claim at its maximum fee until the relay knows that a block includes it. A claim that
    // is tried before is refused, and may be asked for again.
    const message = await waiting
    if (message !== 'done') {
      expect(message).toMatch(/^Open claims of wallet /)
      expect(await messageOf(relay, requestOf(later, agent))).toBe('done')
    }
  })
})

describe('a signer with MAX_UNMINED unmined transactions', () => {
  it('sends another only after a block includes some, and all claims are won', async () => {
    const relay = await start(await freshDatabase(), { maxBatch: 1, maxUnmined: 2 })
    const requests = await Promise.all(
      Array.from({ length: 5 }, async () => requestOf(await people.openRun(usdc), agent)),
    )
    await chain.client.setAutomine(false)
    const results = requests.map((request) => messageOf(relay, request, 10_000))
    for (const [sent, waiting] of [
      [2, 3],
      [2, 1],
      [1, 0],
    ] as const) {
      await until('sent', async () => (await chain.client.getTxpoolStatus()).pending === sent)
      await until('waiting', async () => relay.waiting() === waiting)
      await sleep(200)
      expect([(await chain.client.getTxpoolStatus()).pending, relay.waiting()]).toEqual([sent, waiting])
      await chain.client.mine({ blocks: 1 })
    }
    expect(await Promise.all(results)).toEqual(Array(5).fill('done'))
  })
})

describe('a signer whose key was removed', () => {
  const leaving = accountOf(21)
  const staying = accountOf(22)

  /** A claim that the leaving signer has signed, with a relay that no longer has its key. */
  async function orphaned() {
    const databaseUrl = await freshDatabase()
    const request = await signed(await people.openRun(usdc))
    await chain.client.setAutomine(false)
    const old = await relayOn({ ...chain, databaseUrl }, { accounts: [leaving] })
    expect(await messageOf(old, request, 700)).toBe('accepted')
    await old.close()
    const log: string[] = []
    const relay = await start(databaseUrl, { accounts: [staying] }, log)
    return { relay, request, log }
  }

  it('has its signed transactions sent again and settled, and is logged', { timeout: 30_000 }, async () => {
    const { relay, request, log } = await orphaned()
    await chain.client.request({ method: 'anvil_dropAllTransactions' } as never)
    const claiming = messageOf(relay, request, 20_000)
    await until('sent again', async () => (await chain.client.getTxpoolStatus()).pending === 1, 10_000)
    expect(await relay.signers()).toMatchObject([
      { signer: staying.address, isRemoved: false, unmined: 0 },
      { signer: leaving.address, isRemoved: true, unmined: 1, claims: 1 },
    ])
    expect(log.filter((line) => line.includes('finishes what a signer left behind'))).toHaveLength(1)
    const before = await nonce(staying.address)
    await chain.client.mine({ blocks: 1 })
    expect(await claiming).toBe('done')
    expect(await nonce(staying.address)).toBe(before)
    await until('gone', async () => (await relay.signers()).length === 1)
  })

  it('leaves its claim to another signer only once a foreign transaction has used its nonce', {
    timeout: 40_000,
  }, async () => {
    const { relay, request } = await orphaned()
    await chain.client.request({ method: 'anvil_dropAllTransactions' } as never)
    const before = await nonce(staying.address)
    const claiming = messageOf(relay, request, 30_000)
    await until('sent again', async () => (await chain.client.getTxpoolStatus()).pending === 1, 10_000)
    expect(await nonce(staying.address)).toBe(before)
    await chain.client.sendTransaction({
      account: leaving,
      to: leaving.address,
      nonce: await nonce(leaving.address),
      maxFeePerGas: parseGwei('100'),
      maxPriorityFeePerGas: parseGwei('90'),
    })
    await chain.client.mine({ blocks: 1 })
    await chain.client.setAutomine(true)
    expect(await claiming).toBe('done')
    expect(await nonce(staying.address)).toBe(before + 1)
  })
})
