import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Refusal } from '../../../src/api/relay/refusal.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { usdc } from '../../support/participants.ts'
import { type Batches, startBatches } from './batches.ts'
import { contextOf, requestOf, resultOf, signedRequestOf } from './claimsOnChain.ts'

let batches: Batches

beforeAll(async () => {
  batches = await startBatches()
  return batches.stop
}, 60_000)

afterEach(() => batches.reset())

describe('claims that are queued together', () => {
  it('are sent in one transaction, both signed and unsigned', async () => {
    const { agent, chain, claimTogether, mine, nonce, openRuns, people, rival } = batches
    const runIds = await openRuns(20)
    const requests = await Promise.all(
      runIds.map((runId, index) => (index % 2 === 0 ? requestOf(runId, agent) : signedRequestOf(people, runId, rival))),
    )
    const before = await nonce()
    const { ahead, results } = await claimTogether(requests)
    await mine()
    expect(await ahead).toBe('done')
    expect(await Promise.all(results)).toEqual(Array(20).fill('done'))
    expect((await nonce()) - before).toBe(2)
    const owners = await Promise.all(runIds.map(async (runId) => (await chain.market.read.getBounty([runId])).agentId))
    expect(owners).toEqual(runIds.map((_, index) => (index % 2 === 0 ? Number(agent.id) : Number(rival.id))))
  })

  it('get separate answers: one that loses its run gets the winner', async () => {
    const { agent, chain, claimTogether, mine, openRuns, relay, rival } = batches
    const runIds = await openRuns(3)
    const lost = runIds[1] ?? 0n
    const { results } = await claimTogether(runIds.map((runId) => requestOf(runId, agent)))
    await chain.market.write.claimBounty([lost, rival.id], {
      account: rival.wallet.address,
      maxPriorityFeePerGas: 50_000_000_000n,
      maxFeePerGas: 100_000_000_000n,
      gas: 200_000n,
    })
    await mine()
    expect(await Promise.all(results)).toEqual(['done', 'RUN_NOT_OPEN', 'done'])
    const again = await relay.act(requestOf(lost, agent), contextOf(AbortSignal.timeout(5_000))).catch((error) => error)
    expect(again).toBeInstanceOf(Refusal)
    expect(again).toMatchObject({ code: 'RUN_NOT_OPEN', extensions: { claimedBy: Number(rival.id) } })
  })

  it('of one run are sent as one: the same claim 30 times, and 10 others', { timeout: 30_000 }, async () => {
    const { agent, nonce, people, relay, rival } = batches
    const runId = await people.openRun(usdc)
    const before = await nonce()
    const same = Array.from({ length: 30 }, () => resultOf(relay, requestOf(runId, agent)))
    const others = Array.from({ length: 10 }, () => resultOf(relay, requestOf(runId, rival)))
    const results = [...(await Promise.all(same)), ...(await Promise.all(others))]
    const winner = results[0] === 'done' ? same.length : others.length
    expect(results.filter((result) => result === 'done')).toHaveLength(winner)
    expect(results.filter((result) => result === 'RUN_NOT_OPEN')).toHaveLength(40 - winner)
    expect((await nonce()) - before).toBe(1)
  })
})

describe('pending claims of an agent', () => {
  it('lock at most its stake: a claim beyond it waits until they are decided', async () => {
    const { claimTogether, mine, nonce, people } = batches
    const poor = await people.newAgent(accountOf(4), 20n * usdc)
    const runIds = await Promise.all(Array.from({ length: 3 }, () => people.openRun(100n * usdc)))
    const before = await nonce()
    const { results } = await claimTogether(runIds.map((runId) => requestOf(runId, poor)))
    const waiting = Symbol()
    const undecided = await Promise.all(results.map((result) => Promise.race([result, sleep(100, waiting)])))
    expect(undecided).toEqual([waiting, waiting, waiting])
    await mine()
    expect((await Promise.all(results)).sort()).toEqual(['INSUFFICIENT_UNLOCKED_STAKE', 'done', 'done'])
    expect((await nonce()) - before).toBe(2)
  })
})
