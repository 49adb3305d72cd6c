import { type Hash, parseEther, parseEventLogs, parseGwei } from 'viem'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { bountyMarketAbi } from '../../../abis/BountyMarket.ts'
import { batchGasLimit } from '../../../src/api/relay/kinds/claims/gas.ts'
import { batchCall } from '../../../src/api/relay/kinds/claims/message.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { type Batches, startBatches } from './batches.ts'
import { relayer, requestOf, resultOf, signedRequestOf, signedWith, until } from './claimsOnChain.ts'

let batches: Batches

beforeAll(async () => {
  batches = await startBatches()
  return batches.stop
}, 60_000)

afterEach(() => batches.reset())

async function pendingHashes(): Promise<Hash[]> {
  const { chain } = batches
  const { pending: senders } = await chain.client.getTxpoolContent()
  const [sent] = Object.entries(senders).filter(([sender]) => sender.toLowerCase() === relayer.address.toLowerCase())
  return Object.values(sent?.[1] ?? {}).map(({ hash }) => hash)
}

describe('a batch', () => {
  it('that a reorg drops is mined again, and claims each run once', { timeout: 40_000 }, async () => {
    const { agent, chain, claimTogether, mine, nonce, openRuns, relay } = batches
    const runIds = await openRuns(4)
    await mine(6)
    const { ahead, results } = await claimTogether(runIds.map((runId) => requestOf(runId, agent)))
    await mine()
    expect([await ahead, ...(await Promise.all(results))]).toEqual(Array(5).fill('done'))
    const used = await nonce()
    await chain.client.request({ method: 'anvil_reorg', params: [2, []] } as never)
    expect(await nonce()).toBeLessThan(used)
    await chain.client.setAutomine(true)
    await until('mined again', async () => (await nonce()) === used, 20_000)
    await until('won again', async () => {
      const outcomes = await Promise.all(runIds.map((runId) => resultOf(relay, requestOf(runId, agent))))
      return outcomes.every((outcome) => outcome === 'done')
    })
    for (const runId of runIds) expect(await chain.market.read.getBounty([runId])).toMatchObject({ round: 1 })
  })

  /** Mines blocks that do not include the batch; in them, the rival claims these runs. */
  async function starve(taken: bigint[]) {
    const { chain, mine, rival } = batches
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
    const { agent, chain, claimTogether, log, openRuns } = batches
    const runIds = await openRuns(3)
    const { ahead, results } = await claimTogether(
      runIds.map((runId) => requestOf(runId, agent)),
      45_000,
    )
    await starve(runIds.slice(0, 1))
    await until('replaced', async () => log.some((line) => line.includes('replaces what is stuck')), 20_000)
    await chain.client.setAutomine(true)
    expect(await ahead).toBe('done')
    expect(await Promise.all(results)).toEqual(['RUN_NOT_OPEN', 'done', 'done'])
  })

  it('none of whose claims can still be won is replaced by a filler transaction', { timeout: 60_000 }, async () => {
    const { agent, chain, claimTogether, nonce, openRuns } = batches
    const runIds = await openRuns(2)
    const before = await nonce()
    const { ahead, results } = await claimTogether(
      runIds.map((runId) => requestOf(runId, agent)),
      45_000,
    )
    await starve(runIds)
    await chain.client.setAutomine(true)
    expect(await ahead).toBe('done')
    expect(await Promise.all(results)).toEqual(['RUN_NOT_OPEN', 'RUN_NOT_OPEN'])
    expect((await nonce()) - before).toBe(2)
  })

  it('is limited to what the signer can pay for', { timeout: 60_000 }, async () => {
    const { agent, chain, claimTogether, log, mine, nonce, openRuns } = batches
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
    expect([await ahead, ...(await Promise.all(results))]).toEqual(Array(11).fill('done'))
    expect((await nonce()) - before).toBeGreaterThan(2)
    expect(log.filter((line) => line.includes('unfunded'))).toEqual([])
  })

  it('has enough gas for its last item even if all earlier items use up their gas', {
    timeout: 60_000,
  }, async () => {
    const { agent, chain, openRuns, people } = batches
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
    const burning = burners.map((burner, index) => signedWith(requestOf(runIds[index] ?? 0n, burner), word))
    const requests = [...burning, await signedRequestOf(people, last, agent)]
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
