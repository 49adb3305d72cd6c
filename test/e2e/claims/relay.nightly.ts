import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Refusal } from '../../../src/api/relay/refusal.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { contextOf, relayer, relayOn, requestOf, resultOf, signedWith, until } from './claimsOnChain.ts'

/** Blocks are mined when a test mines them, so that it controls what is sent and what is mined. */
let chain: TestChain & { databaseUrl: string }
let people: Participants
let relay: Relay
let agent: Agent
let rival: Agent

beforeAll(async () => {
  chain = { ...(await startTestChain({})), databaseUrl: await freshDatabase() }
  people = participantsOf(chain)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  rival = await people.newAgent(accountOf(3), 1_000n * usdc)
  relay = await relayOn(chain)
}, 60_000)

afterAll(() => chain?.stop())

/** Posts a run; from then on, blocks are mined only by the test. */
async function openRun(lifetime?: bigint) {
  await chain.client.setAutomine(true)
  const runId = await people.openRun(usdc, lifetime)
  await chain.client.setAutomine(false)
  return runId
}

const mine = () => chain.client.mine({ blocks: 1 })
const pendingTransactions = async () => (await chain.client.getTxpoolStatus()).pending
const nonce = () => chain.client.getTransactionCount({ address: relayer.address })
const claimDirectly = (runId: bigint, { id, wallet }: Agent, tip = 1_000_000_000n) =>
  chain.market.write.claimBounty([runId, id], {
    account: wallet.address,
    maxPriorityFeePerGas: tip,
    maxFeePerGas: 100_000_000_000n,
    gas: 200_000n,
  })

describe('a pending claim', () => {
  it('is won in the last second before the deadline', async () => {
    const runId = await openRun(40n)
    const { deadline } = await chain.market.read.getBounty([runId])
    const result = resultOf(relay, requestOf(runId, agent))
    await until('sent', async () => (await pendingTransactions()) === 1)
    await chain.client.setNextBlockTimestamp({ timestamp: BigInt(deadline) })
    await mine()
    expect(await result).toBe('done')
  })

  it('that misses the deadline by a second is refused for it', async () => {
    const runId = await openRun(4_000n)
    const { deadline } = await chain.market.read.getBounty([runId])
    const result = resultOf(relay, requestOf(runId, agent))
    await until('sent', async () => (await pendingTransactions()) === 1)
    await chain.client.setNextBlockTimestamp({ timestamp: BigInt(deadline) + 1n })
    await mine()
    expect(await result).toBe('RUN_DEADLINE_PASSED')
  })

  it('that loses to another transaction of its block is refused, with the winner', async () => {
    const runId = await openRun()
    const claim = relay.act(requestOf(runId, agent), contextOf(AbortSignal.timeout(15_000))).catch((error) => error)
    await until('sent', async () => (await pendingTransactions()) === 1)
    await claimDirectly(runId, rival, 50_000_000_000n)
    await mine()
    const problem = await claim
    expect(problem).toBeInstanceOf(Refusal)
    expect(problem).toMatchObject({
      code: 'RUN_NOT_OPEN',
      extensions: { state: 'CLAIMED', claimedBy: Number(rival.id), holder: rival.wallet.address },
    })
    const { transactions } = await chain.client.getBlock({ includeTransactions: true })
    const statuses = await Promise.all(
      transactions.map(async ({ hash }) => (await chain.client.getTransactionReceipt({ hash })).status),
    )
    expect(statuses).toEqual(['success', 'reverted'])
  })

  it('that the agent also sends itself, earlier in its block, counts as won', async () => {
    const runId = await openRun()
    const result = resultOf(relay, requestOf(runId, agent))
    await until('sent', async () => (await pendingTransactions()) === 1)
    await claimDirectly(runId, agent, 50_000_000_000n)
    await mine()
    expect(await result).toBe('done')
  })

  it('is sent while claims of other runs are pending, without waiting for a block', async () => {
    const before = await nonce()
    await chain.client.setAutomine(true)
    const runIds = await Promise.all(Array.from({ length: 20 }, () => people.openRun(usdc)))
    await chain.client.setAutomine(false)
    const results = runIds.map((runId) => resultOf(relay, requestOf(runId, agent)))
    const signed = async () => (await relay.signers())[0]?.claims
    await until('all sent', async () => (await signed()) === 20)
    await mine()
    expect(await Promise.all(results)).toEqual(Array(20).fill('done'))
    expect((await nonce()) - before).toBeLessThan(20)
  })
})

describe('a claim that is not decided in time', () => {
  it('is reported as pending, with its transaction, until it is won', async () => {
    const runId = await openRun()
    const request = requestOf(runId, agent)
    const first = await relay.act(request, contextOf(AbortSignal.timeout(700)))
    expect(first).toMatchObject({ status: 'accepted', round: 1n })
    expect(await relay.act(request, contextOf(AbortSignal.timeout(300)))).toEqual(first)
    expect(await resultOf(relay, requestOf(runId, rival), 300)).toBe('CLAIM_PENDING')
    expect(await pendingTransactions()).toBe(1)
    await mine()
    const { status, actionId: claimId } = await relay.act(request, contextOf(AbortSignal.timeout(5_000)))
    expect({ status, claimId }).toEqual({ status: 'done', claimId: first.actionId })
    expect(await resultOf(relay, requestOf(runId, rival))).toBe('RUN_NOT_OPEN')
  })
})

describe('an unmined transaction of another account', () => {
  it('that claims the run makes the claim wait, and then refused without a transaction', async () => {
    const runId = await openRun()
    const before = await nonce()
    await claimDirectly(runId, rival)
    const result = resultOf(relay, requestOf(runId, agent))
    expect(await Promise.race([result, new Promise((resolve) => setTimeout(resolve, 500, 'waiting'))])).toBe('waiting')
    expect(await pendingTransactions()).toBe(1)
    await mine()
    expect(await result).toBe('RUN_NOT_OPEN')
    expect(await nonce()).toBe(before)
  })

  it('that claims the run and is dropped lets the claim win', async () => {
    const runId = await openRun()
    const hash = await claimDirectly(runId, rival)
    const result = resultOf(relay, requestOf(runId, agent))
    await chain.client.dropTransaction({ hash })
    await mine()
    await until('sent', async () => (await pendingTransactions()) === 1)
    await mine()
    expect(await result).toBe('done')
  })

  it('that would open the run makes the claim wait, and then win', async () => {
    const runId = await openRun()
    await chain.client.setAutomine(true)
    await people.mined(() => chain.market.write.closeBounty([runId]))
    await chain.client.setAutomine(false)
    await chain.market.write.fundBounty([runId], { gas: 300_000n })
    const result = resultOf(relay, requestOf(runId, agent))
    expect(await Promise.race([result, new Promise((resolve) => setTimeout(resolve, 500, 'waiting'))])).toBe('waiting')
    await mine()
    await until('sent', async () => (await pendingTransactions()) === 1)
    await mine()
    expect(await result).toBe('done')
  })

  it('does not refuse the claim for good: after the wait times out, it may be sent again', async () => {
    const runId = await openRun()
    const hash = await claimDirectly(runId, rival)
    expect(await resultOf(relay, requestOf(runId, agent), 500)).toBe('RELAY_UNAVAILABLE')
    await chain.client.dropTransaction({ hash })
  })
})

describe('on a chain without traffic', () => {
  it('a signature valid for an hour of real time is accepted although the last block is old', async () => {
    await chain.client.setAutomine(true)
    const runId = await people.openRun(usdc)
    const { timestamp } = await chain.client.getBlock()
    await chain.client.increaseTime({ seconds: 1_800 })
    const signed = await people.sign(runId, agent, { deadline: timestamp + 4_000n })
    const { signature, deadline } = signed
    const claim = signedWith(requestOf(runId, agent), { signature, deadline: BigInt(deadline) })
    expect(await resultOf(relay, claim)).toBe('done')
  })
})

describe('two relays with a key each', () => {
  it('send claims of the same runs, and each run is won once', async () => {
    await chain.client.setAutomine(true)
    const other = await relayOn(chain, { accounts: [accountOf(10)], allowUnsigned: false })
    const runIds = await Promise.all(Array.from({ length: 10 }, () => people.openRun(usdc)))
    const results = await Promise.all(
      runIds.map(async (runId) => {
        const { signature, deadline } = await people.sign(runId, rival)
        const signed = { signature, deadline: BigInt(deadline) }
        return Promise.all([
          resultOf(relay, requestOf(runId, agent)),
          resultOf(other, signedWith(requestOf(runId, rival), signed)),
        ])
      }),
    )
    for (const pair of results) expect(pair.sort()).toEqual(['RUN_NOT_OPEN', 'done'])
    await other.close()
  })
})

describe('close', () => {
  it('waits for pending claims, and accepts no others', async () => {
    const closing = await relayOn(chain, { accounts: [accountOf(roles.relayer)] })
    const runId = await openRun()
    const later = await openRun()
    const result = resultOf(closing, requestOf(runId, agent))
    await until('sent', async () => (await pendingTransactions()) === 1)
    let isClosed = false
    const closed = closing.close().then(() => {
      isClosed = true
    })
    expect(await resultOf(closing, requestOf(later, agent))).toBe('RELAY_UNAVAILABLE')
    expect(isClosed).toBe(false)
    await mine()
    await closed
    expect(await result).toBe('done')
  })
})
