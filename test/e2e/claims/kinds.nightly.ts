import { EventEmitter } from 'node:events'
import type { Hex } from 'viem'
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { RelayEvents } from '../../../src/api/relay/events.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { startProcess } from '../../../tools/devnet/managedProcess.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { contextOf, relayer, relayOn, requestOf, resultOf, settingsOn, until } from './claimsOnChain.ts'
import { PAYMENT } from './payments.ts'
import { openTwoKinds } from './twoKinds.ts'

/** An attempt is stuck after 5 s and 3 blocks. With a resend after it. Milliseconds. */
const STUCK_MS = 15_000

let chain: TestChain
let people: Participants
let agent: Agent
/** The market's chain with the database of this test. */
let here: TestChain & { databaseUrl: string }
let stop: (() => Promise<void>)[] = []
let recipients = 0

beforeAll(async () => {
  chain = await startTestChain({})
  people = participantsOf(chain)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  await people.mined(() => chain.usdc.write.mint([relayer.address, 1_000n * usdc]))
  return chain.stop
}, 60_000)

beforeEach(async () => {
  here = { ...chain, databaseUrl: await freshDatabase() }
})

afterEach(async () => {
  await Promise.all(stop.map((end) => end()))
  stop = []
  await chain.client.request({ method: 'anvil_dropAllTransactions' } as never)
  await chain.client.setAutomine(true)
})

const mine = () => chain.client.mine({ blocks: 1 })
const pending = async () => (await chain.client.getTxpoolStatus()).pending
const balanceOf = (account: Hex) => chain.usdc.read.balanceOf([account])

/** An account without USDC. */
function newRecipient(): Hex {
  recipients++
  return `0x${recipients.toString(16).padStart(40, 'b')}`
}

/** The sender of a process that knows both kinds, with what it reports about claims. */
async function startBoth({ keeps = true } = {}) {
  const events = new EventEmitter<RelayEvents>()
  const claims: string[] = []
  events.on('claimDecided', ({ outcome }) => claims.push(outcome))
  events.on('claimReopened', () => claims.push('reopened'))
  const both = await openTwoKinds(settingsOn(here, { events }))
  stop.push(both.close)
  if (keeps) both.keep()
  return { ...both, claims }
}

/** The relay of a process that knows claims only. */
async function startOld(log: string[] = [], events = new EventEmitter<RelayEvents>()) {
  const relay = await relayOn(here, { events }, log)
  stop.push(relay.close)
  return relay
}

/** A stored claim whose transaction no block includes, of a process that has ended. */
async function unminedClaim() {
  const runId = await people.openRun(usdc)
  await chain.client.setAutomine(false)
  const relay = await relayOn(here)
  const { claimId } = await relay.claim(requestOf(runId, agent), contextOf(AbortSignal.timeout(700)))
  await relay.close()
  return { claimId, runId }
}

/** Mines blocks without room for the transaction, so that it counts as stuck. */
async function passOver(hash: Hex) {
  for (let block = 1; block <= 3; block++) {
    await chain.client.dropTransaction({ hash })
    await mine()
  }
}

it('claims and payments share a signer, and each decides its own', async () => {
  const { claimId, runId } = await unminedClaim()
  const both = await startBoth()
  const [paid, refusing] = [newRecipient(), newRecipient()]
  const { id } = await both.pay(paid, 7n)
  const { id: failing } = await both.pay(refusing, 7n)
  await until('all sent', async () => (await pending()) === 3)
  await chain.usdc.write.blacklist([refusing], { maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 10n })
  await mine()
  await until('decided', async () => both.claims.length + both.log.length === 3)
  expect(both.claims).toEqual(['won'])
  expect(both.log.sort()).toEqual([`payment ${id} paid`, `payment ${failing} failed`])
  expect(await both.claimState(claimId)).toBe('won')
  expect([await both.paymentState(id), await both.paymentState(failing)]).toEqual(['paid', 'failed'])
  expect(await balanceOf(paid)).toBe(7n)
  expect((await chain.market.read.getBounty([runId])).agentId).toBe(Number(agent.id))
  const txs = await both.txs()
  expect(txs.map(({ kind, state }) => [kind, state])).toEqual([
    ['claim', 'mined'],
    [PAYMENT, 'mined'],
    [PAYMENT, 'mined'],
  ])
  expect(txs.map(({ nonce }) => nonce - (txs[0]?.nonce ?? 0n))).toEqual([0n, 1n, 2n])
})

it('a reorg reopens both kinds, and both are decided again', { timeout: 60_000 }, async () => {
  const { claimId } = await unminedClaim()
  const both = await startBoth()
  const recipient = newRecipient()
  const { id } = await both.pay(recipient, 7n)
  await until('all sent', async () => (await pending()) === 2)
  await mine()
  await until('decided', async () => both.claims.length + both.log.length === 2)
  const nonce = await chain.client.getTransactionCount({ address: relayer.address })
  await chain.client.setAutomine(true)
  await chain.client.request({ method: 'anvil_reorg', params: [1, []] } as never)
  await until('decided again', async () => both.claims.length === 3 && both.log.length === 3, 20_000)
  expect(both.claims).toEqual(['won', 'reopened', 'won'])
  expect(both.log).toEqual([`payment ${id} paid`, `payment ${id} reopened: open`, `payment ${id} paid`])
  expect([await both.claimState(claimId), await both.paymentState(id)]).toEqual(['won', 'paid'])
  expect(await balanceOf(recipient)).toBe(7n)
  expect(await chain.client.getTransactionCount({ address: relayer.address })).toBe(nonce)
})

it('a stuck transaction is replaced by the call of its kind', { timeout: 60_000 }, async () => {
  const both = await startBoth()
  await chain.client.setAutomine(false)
  const recipient = newRecipient()
  const { id, tx } = await both.pay(recipient, 7n)
  await passOver(tx.attempt.hash)
  await until('replaced', async () => (await both.txs())[0]?.attempts === 2n, STUCK_MS)
  await until('sent', async () => (await pending()) === 1)
  await mine()
  await until('paid', async () => (await both.paymentState(id)) === 'paid')
  expect((await both.txs()).map(({ kind, attempts, fillers }) => [kind, attempts, fillers])).toEqual([
    [PAYMENT, 2n, 0n],
  ])
  expect(await balanceOf(recipient)).toBe(7n)
})

it('a stuck transaction whose kind has no call worth sending becomes a filler', { timeout: 60_000 }, async () => {
  const both = await startBoth()
  await chain.client.setAutomine(false)
  const recipient = newRecipient()
  const { id, tx } = await both.pay(recipient, 7n)
  await chain.client.dropTransaction({ hash: tx.attempt.hash })
  await chain.usdc.write.blacklist([recipient])
  await passOver(tx.attempt.hash)
  await until('replaced', async () => (await both.txs())[0]?.fillers === 1n, STUCK_MS)
  await until('sent', async () => (await pending()) === 1)
  await mine()
  await until('failed', async () => (await both.paymentState(id)) === 'failed')
  expect((await both.txs()).map(({ state, attempts }) => [state, attempts])).toEqual([['mined', 2n]])
})

it('a crash between storing and sending loses neither kind', { timeout: 60_000 }, async () => {
  const runId = await people.openRun(usdc)
  const recipient = newRecipient()
  await chain.client.setAutomine(false)
  const script = `
    import { EventEmitter } from 'node:events'
    import { contextOf, relayOn, settingsOn } from './test/e2e/claims/claimsOnChain.ts'
    import { openTwoKinds } from './test/e2e/claims/twoKinds.ts'
    const { chain, run, agent, recipient } = JSON.parse(process.env.CRASH)
    const events = new EventEmitter().on('claimPlaced', () => process.kill(process.pid, 'SIGKILL'))
    const relay = await relayOn(chain, { events })
    const both = await openTwoKinds(settingsOn(chain))
    await both.place(recipient, 7n)
    const request = { bountyId: BigInt(run), agentId: BigInt(agent.id), wallet: agent.wallet }
    await relay.claim(request, contextOf(AbortSignal.timeout(10_000)))`
  const { rpcUrl, deployment, databaseUrl } = here
  const crashing = await startProcess({
    name: 'A relay that crashes',
    command: process.execPath,
    args: ['--input-type=module-typescript', '--eval', script],
    env: {
      CRASH: JSON.stringify({
        chain: { rpcUrl, deployment, databaseUrl },
        run: String(runId),
        agent: { id: String(agent.id), wallet: agent.wallet.address },
        recipient,
      }),
    },
  })
  expect(await crashing.ended).toBe('was killed by SIGKILL')
  await crashing.stop()
  expect(await pending()).toBe(0)

  const both = await startBoth({ keeps: false })
  expect((await both.txs()).map(({ kind, state }) => [kind, state])).toEqual([
    [PAYMENT, 'signed'],
    ['claim', 'signed'],
  ])
  both.keep()
  await until('both sent', async () => (await pending()) === 2)
  await mine()
  await until('decided', async () => both.claims.length + both.log.length === 2)
  expect([...both.claims, ...both.log]).toEqual(['won', expect.stringMatching(/^payment \d+ paid$/)])
  expect(await balanceOf(recipient)).toBe(7n)
})

it('a kind that a process does not know is left to one that knows it, and blocks no claim', {
  timeout: 90_000,
}, async () => {
  const both = await startBoth({ keeps: false })
  const log: string[] = []
  const sent: number[] = []
  const recipient = newRecipient()
  await chain.client.setAutomine(false)
  const placedAt = performance.now()
  const { id, tx } = await both.place(recipient, 7n)
  const { hash } = tx.attempt
  const events = new EventEmitter<RelayEvents>()
  events.on('attemptSent', ({ txHash }) => {
    if (txHash === hash) sent.push(performance.now())
  })
  const old = await startOld(log, events)

  // It broadcasts, also once the transaction is stuck, and does not replace.
  await until('sent', async () => (await pending()) === 1)
  await passOver(hash)
  await until('sent while stuck', async () => (sent.at(-1) ?? 0) > placedAt + 6_000, STUCK_MS)
  expect((await both.txs()).map(({ attempts }) => attempts)).toEqual([1n])

  // It settles its claims, although the payment is mined and not settled.
  await until('sent again', async () => (await pending()) === 1)
  await mine()
  expect(await balanceOf(recipient)).toBe(7n)
  await chain.client.setAutomine(true)
  for (let claim = 1; claim <= 2; claim++) {
    expect(await resultOf(old, requestOf(await people.openRun(usdc), agent))).toBe('won')
  }
  expect((await both.txs()).map(({ kind, state }) => [kind, state])).toEqual([
    [PAYMENT, 'accepted'],
    ['claim', 'mined'],
    ['claim', 'mined'],
  ])
  expect(await both.paymentState(id)).toBe('open')
  const unknown = log.filter((line) => line.includes('unknown kind'))
  expect(unknown).toEqual([expect.stringContaining(`"kind":"${PAYMENT}"`)])

  // While the process that does not know it runs, one that knows it settles it.
  both.keep()
  await until('paid', async () => (await both.paymentState(id)) === 'paid')
  expect(both.log).toEqual([`payment ${id} paid`])
  expect(await resultOf(old, requestOf(await people.openRun(usdc), agent))).toBe('won')
})

it('a reorg of a transaction of an unknown kind is left to a process that knows it', { timeout: 60_000 }, async () => {
  const settings = settingsOn(here)
  const first = await openTwoKinds(settings)
  first.keep()
  const recipient = newRecipient()
  const { id } = await first.pay(recipient, 7n)
  await until('paid', async () => (await first.paymentState(id)) === 'paid')
  await first.close()
  const log: string[] = []
  await startOld(log)
  await chain.client.request({ method: 'anvil_reorg', params: [1, []] } as never)
  expect(await balanceOf(recipient)).toBe(0n)
  await until('seen', async () => log.some((line) => line.includes('unknown kind')))

  const both = await startBoth({ keeps: false })
  expect((await both.txs()).map(({ state }) => state)).toEqual(['mined'])
  both.keep()
  await until('paid again', async () => both.log.length === 2)
  expect(both.log).toEqual([`payment ${id} reopened: open`, `payment ${id} paid`])
  expect(await balanceOf(recipient)).toBe(7n)
})
