import { setTimeout as sleep } from 'node:timers/promises'
import { type Hash, type LocalAccount, parseEther, parseEventLogs, parseGwei } from 'viem'
import { toAccount } from 'viem/accounts'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { bountyMarketAbi } from '../../../abis/BountyMarket.ts'
import { batchGasLimit } from '../../../src/api/relay/claims/chain/gas.ts'
import { batchCall, type ClaimRequest } from '../../../src/api/relay/claims/chain/market.ts'
import { Refusal } from '../../../src/api/relay/refusal.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { contextOf, relayer, relayOn, requestOf, resultOf, signedRequestOf, until } from './claimsOnChain.ts'

/** Blocks are mined when a test mines them. */
let chain: TestChain & { databaseUrl: string }
let people: Participants
let agent: Agent
let rival: Agent
let relay: Relay
const log: string[] = []

/** While this is held back, no transaction is signed, and claims queue up. */
let signing = Promise.resolve()
let signatures = 0
const slowRelayer: LocalAccount = toAccount({
  ...relayer,
  async signTransaction(...transaction) {
    signatures++
    await signing
    return relayer.signTransaction(...transaction)
  },
})

beforeAll(async () => {
  chain = { ...(await startTestChain({})), databaseUrl: await freshDatabase() }
  people = participantsOf(chain)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  rival = await people.newAgent(accountOf(3), 1_000n * usdc)
  relay = await relayOn(chain, { accounts: [slowRelayer] }, log)
  return async () => {
    await relay.close()
    await chain.stop()
  }
}, 60_000)

afterEach(async () => {
  await chain.client.setAutomine(true)
  await chain.client.setBalance({ address: relayer.address, value: parseEther('100') })
})

const mine = (blocks = 1) => chain.client.mine({ blocks })
const pending = async () => (await chain.client.getTxpoolStatus()).pending
const nonce = () => chain.client.getTransactionCount({ address: relayer.address })
const openRuns = (count: number) => Promise.all(Array.from({ length: count }, () => people.openRun(usdc)))

const signed = (runId: bigint, by: Agent) => signedRequestOf(people, runId, by)

/** Sends one claim, and then the others, so that they share the next transaction. @returns the result of each. */
async function claimTogether(requests: ClaimRequest[], timeout = 15_000) {
  const first = await people.openRun(usdc)
  await chain.client.setAutomine(false)
  const { promise, resolve } = Promise.withResolvers<void>()
  signing = promise
  const before = signatures
  const ahead = resultOf(relay, requestOf(first, agent), timeout)
  await until('the first is placed', async () => signatures > before)
  const results = requests.map((request) => resultOf(relay, request, timeout))
  await until('all wait', async () => relay.waiting() === requests.length)
  resolve()
  const relayed = log.length
  await until('both sent', async () => (await pending()) >= 2, 30_000).catch(async (error) => {
    throw new Error(
      `${await pending()} transactions are pending; the relay logged:\n${log.slice(relayed).join('\n')}`,
      {
        cause: error,
      },
    )
  })
  return { ahead, results }
}

async function pendingHashes(): Promise<Hash[]> {
  const { pending: senders } = await chain.client.getTxpoolContent()
  const [sent] = Object.entries(senders).filter(([sender]) => sender.toLowerCase() === relayer.address.toLowerCase())
  return Object.values(sent?.[1] ?? {}).map(({ hash }) => hash)
}

describe('claims that are queued together', () => {
  it('are sent in one transaction, both signed and unsigned', async () => {
    const runIds = await openRuns(20)
    const requests = await Promise.all(
      runIds.map((runId, index) => (index % 2 === 0 ? requestOf(runId, agent) : signed(runId, rival))),
    )
    const before = await nonce()
    const { ahead, results } = await claimTogether(requests)
    await mine()
    expect(await ahead).toBe('won')
    expect(await Promise.all(results)).toEqual(Array(20).fill('won'))
    expect((await nonce()) - before).toBe(2)
    const owners = await Promise.all(runIds.map(async (runId) => (await chain.market.read.getBounty([runId])).agentId))
    expect(owners).toEqual(runIds.map((_, index) => (index % 2 === 0 ? Number(agent.id) : Number(rival.id))))
  })

  it('get separate answers: one that loses its run gets the winner', async () => {
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
    expect(await Promise.all(results)).toEqual(['won', 'RUN_NOT_OPEN', 'won'])
    const again = await relay
      .claim(requestOf(lost, agent), contextOf(AbortSignal.timeout(5_000)))
      .catch((error) => error)
    expect(again).toBeInstanceOf(Refusal)
    expect(again).toMatchObject({ code: 'RUN_NOT_OPEN', extensions: { claimedBy: Number(rival.id) } })
  })

  it('of one run are sent as one: the same claim 30 times, and 10 others', { timeout: 30_000 }, async () => {
    const runId = await people.openRun(usdc)
    const before = await nonce()
    const same = Array.from({ length: 30 }, () => resultOf(relay, requestOf(runId, agent)))
    const others = Array.from({ length: 10 }, () => resultOf(relay, requestOf(runId, rival)))
    const results = [...(await Promise.all(same)), ...(await Promise.all(others))]
    const winner = results[0] === 'won' ? same.length : others.length
    expect(results.filter((result) => result === 'won')).toHaveLength(winner)
    expect(results.filter((result) => result === 'RUN_NOT_OPEN')).toHaveLength(40 - winner)
    expect((await nonce()) - before).toBe(1)
  })
})

describe('a batch', () => {
  it('that a reorg drops is mined again, and claims each run once', { timeout: 40_000 }, async () => {
    const runIds = await openRuns(4)
    await mine(6)
    const { ahead, results } = await claimTogether(runIds.map((runId) => requestOf(runId, agent)))
    await mine()
    expect([await ahead, ...(await Promise.all(results))]).toEqual(Array(5).fill('won'))
    const used = await nonce()
    await chain.client.request({ method: 'anvil_reorg', params: [2, []] } as never)
    expect(await nonce()).toBeLessThan(used)
    await chain.client.setAutomine(true)
    await until('mined again', async () => (await nonce()) === used, 20_000)
    await until('won again', async () => {
      const outcomes = await Promise.all(runIds.map((runId) => resultOf(relay, requestOf(runId, agent))))
      return outcomes.every((outcome) => outcome === 'won')
    })
    for (const runId of runIds) expect(await chain.market.read.getBounty([runId])).toMatchObject({ round: 1 })
  })

  /** Mines blocks that do not include the batch; in them, the rival claims these runs. */
  async function starve(taken: bigint[]) {
    const hashes = await pendingHashes()
    for (const hash of hashes) await chain.client.dropTransaction({ hash })
    for (const runId of taken) {
      await chain.market.write.claimBounty([runId, rival.id], { account: rival.wallet.address, gas: 200_000n })
    }
    await mine()
    for (let block = 1; block <= 3; block++) {
      for (const hash of hashes) await chain.client.dropTransaction({ hash })
      await mine()
    }
  }

  it('that is stuck is replaced by a batch of the claims that can still be won', { timeout: 60_000 }, async () => {
    const runIds = await openRuns(3)
    const { ahead, results } = await claimTogether(
      runIds.map((runId) => requestOf(runId, agent)),
      45_000,
    )
    await starve(runIds.slice(0, 1))
    await until('replaced', async () => log.some((line) => line.includes('replaces what is stuck')), 20_000)
    await chain.client.setAutomine(true)
    expect(await ahead).toBe('won')
    expect(await Promise.all(results)).toEqual(['RUN_NOT_OPEN', 'won', 'won'])
  })

  it('none of whose claims can still be won is replaced by a filler transaction', { timeout: 60_000 }, async () => {
    const runIds = await openRuns(2)
    const before = await nonce()
    const { ahead, results } = await claimTogether(
      runIds.map((runId) => requestOf(runId, agent)),
      45_000,
    )
    await starve(runIds)
    await chain.client.setAutomine(true)
    expect(await ahead).toBe('won')
    expect(await Promise.all(results)).toEqual(['RUN_NOT_OPEN', 'RUN_NOT_OPEN'])
    expect((await nonce()) - before).toBe(2)
  })

  it('is limited to what the signer can pay for', { timeout: 60_000 }, async () => {
    const runIds = await openRuns(10)
    const before = await nonce()
    // Enough for two items at the price that is offered at a base fee of 1 gwei, and for seven at a base fee of 0.
    await chain.client.setNextBlockBaseFeePerGas({ baseFeePerGas: parseGwei('1') })
    await chain.client.setBalance({ address: relayer.address, value: 700_000n * parseGwei('3') })
    await mine()
    const { ahead, results } = await claimTogether(
      runIds.map((runId) => requestOf(runId, agent)),
      45_000,
    )
    // Enough for the other claims: their total gas depends on how they are batched.
    await chain.client.setBalance({ address: relayer.address, value: parseEther('1') })
    await chain.client.setAutomine(true)
    await mine()
    expect([await ahead, ...(await Promise.all(results))]).toEqual(Array(11).fill('won'))
    expect((await nonce()) - before).toBeGreaterThan(2)
    expect(log.filter((line) => line.includes('unfunded'))).toEqual([])
  })

  it('has enough gas for its last item even if all earlier items use up their gas', {
    timeout: 60_000,
  }, async () => {
    const burners = await Promise.all(
      Array.from({ length: 20 }, (_, index) => people.newAgent(accountOf(50 + index), 0n)),
    )
    for (const burner of burners) {
      await people.stakeFor(burner)
      // JUMPDEST PUSH0 JUMP: a call that asks this wallet for its signature uses up all its gas.
      await chain.client.setCode({ address: burner.wallet.address, bytecode: '0x5b5f56' })
    }
    const runIds = await openRuns(burners.length + 1)
    const last = runIds.pop() ?? 0n
    const word = { deadline: (await people.now()) + 600n, signature: `0x${'11'.repeat(65)}` as const }
    const burning = burners.map((burner, index) => ({ ...requestOf(runIds[index] ?? 0n, burner), signed: word }))
    const requests = [...burning, await signed(last, agent)]
    const call = batchCall({ ...chain.deployment, address: chain.market.address } as never, relayer.address, requests)
    const hash = await chain.client.sendTransaction({
      account: relayer,
      to: call.to,
      data: call.data,
      gas: batchGasLimit(call, requests.length),
    })
    const { logs, gasUsed } = await chain.client.waitForTransactionReceipt({ hash })
    expect(gasUsed).toBeGreaterThan(20n * 100_000n)
    const refused = parseEventLogs({ abi: bountyMarketAbi, eventName: 'ClaimRefused', logs })
    expect(refused).toHaveLength(burners.length)
    const [claimed] = parseEventLogs({ abi: bountyMarketAbi, eventName: 'BountyClaimed', logs })
    expect(claimed?.args.bountyId).toBe(last)
  })
})

describe('pending claims of an agent', () => {
  it('lock at most its stake: a claim beyond it waits until they are decided', async () => {
    const poor = await people.newAgent(accountOf(4), 20n * usdc)
    const runIds = await Promise.all(Array.from({ length: 3 }, () => people.openRun(100n * usdc)))
    const before = await nonce()
    const { results } = await claimTogether(runIds.map((runId) => requestOf(runId, poor)))
    const waiting = Symbol()
    const undecided = await Promise.all(results.map((result) => Promise.race([result, sleep(100, waiting)])))
    expect(undecided).toEqual([waiting, waiting, waiting])
    await mine()
    expect((await Promise.all(results)).sort()).toEqual(['INSUFFICIENT_UNLOCKED_STAKE', 'won', 'won'])
    expect((await nonce()) - before).toBe(2)
  })
})
