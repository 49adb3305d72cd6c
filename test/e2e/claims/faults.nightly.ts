import { setTimeout as sleep } from 'node:timers/promises'
import { getAbiItem, type Hex, parseGwei, toFunctionSelector } from 'viem'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { bountyMarketAbi } from '../../../abis/BountyMarket.ts'
import { Refusal } from '../../../src/api/relay/refusal.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { type Fault, type RpcProxy, says, startRpcProxy, status } from '../../support/rpcProxy.ts'
import type { RpcCall } from '../../support/staleNode.ts'
import {
  contextOf,
  quotesPass,
  relayer,
  relayOn,
  requestOf,
  resultOf,
  signedRequestOf,
  signedWith,
  until,
} from './claimsOnChain.ts'

let chain: TestChain & { databaseUrl: string }
let people: Participants
let agent: Agent
let node: RpcProxy
let relay: Relay
const log: string[] = []

beforeAll(async () => {
  chain = { ...(await startTestChain({})), databaseUrl: await freshDatabase() }
  people = participantsOf(chain)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  node = await startRpcProxy(chain.rpcUrl)
  relay = await relayOn({ ...chain, rpcUrl: node.url }, {}, log)
}, 60_000)

afterEach(async () => {
  expect(node.heal(), 'a fault that never came to pass').toEqual([])
  await chain.client.setAutomine(true)
})

afterAll(async () => {
  await relay?.close()
  await node?.stop()
  await chain?.stop()
})

const send = 'eth_sendRawTransaction'
const drop: Fault = { kind: 'drop' }
const refuse: Fault = { kind: 'refuse' }
const pendingNonce = () => chain.client.getTransactionCount({ address: relayer.address, blockTag: 'pending' })
const nonce = () => chain.client.getTransactionCount({ address: relayer.address })

/** Claims a new run. @returns the outcome, and the number of the relayer's mined transactions. */
async function claimNewRun(request = requestOf) {
  const runId = await people.openRun(usdc)
  const before = await nonce()
  const result = await resultOf(relay, request(runId, agent))
  return [result, (await nonce()) - before]
}

describe('a node that does not accept a transaction', () => {
  it.each<[string, Fault[]]>([
    ['loses its answer', [drop]],
    ['loses its answer, and then another', [drop, drop]],
    ['gets the transaction at the second attempt only', [refuse]],
    ['fails once', [status(502)]],
    ['has an internal error once', [says('Internal error', -32603)]],
  ])('and %s: the claim is won once', async (_, planned) => {
    node.plan(send, planned)
    expect(await claimNewRun()).toEqual(['done', 1])
    // The claim may be won before its transaction is sent a second time.
    await until('all faults', async () => node.isUsedUp())
  })

  it('while others are pending: it is sent again, no nonce gap is left, and all are won', async () => {
    const runIds = await Promise.all(Array.from({ length: 4 }, () => people.openRun(usdc)))
    await chain.client.setAutomine(false)
    const [first, ...later] = runIds.map((runId) => requestOf(runId, agent))
    if (!first) throw new Error('No run was created')
    const results = [resultOf(relay, first)]
    await until('sent', async () => (await chain.client.getTxpoolStatus()).pending === 1)
    node.plan(send, [says('txpool is full')])
    results.push(...later.map((request) => resultOf(relay, request)))
    await until('all sent', async () => (await relay.signers())[0]?.claims === 4)
    await until(
      'all pending',
      async () => (await chain.client.getTxpoolStatus()).pending === (await relay.signers())[0]?.unmined,
    )
    await chain.client.mine({ blocks: 1 })
    expect(await Promise.all(results)).toEqual(['done', 'done', 'done', 'done'])
  })

  it('and leaves its state unknown: the claim is pending, others wait, and both are won when the node recovers', async () => {
    const first = await people.openRun(usdc)
    const second = await people.openRun(usdc)
    node.from(({ method }) => (method === send ? refuse : undefined))
    const { length } = log
    expect(await resultOf(relay, requestOf(first, agent), 100)).toBe('signed')
    await until('tried', async () => log.slice(length).some((line) => line.includes('cannot send yet')))
    expect(await resultOf(relay, requestOf(second, agent), 1_000)).toBe('RELAY_UNAVAILABLE')
    node.heal()
    expect(await resultOf(relay, requestOf(second, agent))).toBe('done')
    expect(await resultOf(relay, requestOf(first, agent))).toBe('done')
    expect(await pendingNonce()).toBe(await nonce())
  })
})

describe('a block between two answers of the node', () => {
  it('in which another agent claims the run makes the relay read again, and send nothing', async () => {
    const rival = await people.newAgent(accountOf(5))
    const runId = await people.openRun(usdc)
    const before = await nonce()
    const readsBounty = toFunctionSelector(getAbiItem({ abi: bountyMarketAbi, name: 'getBounty' }))
    const isReading = ({ params }: RpcCall) => (params[0] as { data?: Hex } | undefined)?.data?.startsWith(readsBounty)
    let delayed = 0
    node.from((call) => (isReading(call) && delayed++ === 0 ? { kind: 'delay', milliseconds: 500 } : undefined))
    const result = resultOf(relay, requestOf(runId, agent))
    await until('tried', async () => delayed > 0)
    await people.mined(() => chain.market.write.claimBounty([runId, rival.id], { account: rival.wallet.address }))
    expect(await result).toBe('RUN_NOT_OPEN')
    expect(await nonce()).toBe(before)
  })
})

describe('a nonce', () => {
  it('that another transaction of the same key has used is skipped', async () => {
    const runId = await people.openRun(usdc)
    await chain.client.setAutomine(false)
    await chain.client.sendTransaction({ account: relayer, to: relayer.address, value: 0n })
    await quotesPass()
    const result = resultOf(relay, requestOf(runId, agent))
    await until('both pending', async () => (await chain.client.getTxpoolStatus()).pending === 2)
    await chain.client.mine({ blocks: 1 })
    expect(await result).toBe('done')
  })

  it('that another transaction uses first makes the relay send the claim again', { timeout: 30_000 }, async () => {
    const runId = await people.openRun(usdc)
    await chain.client.setAutomine(false)
    const result = resultOf(relay, requestOf(runId, agent), 25_000)
    await until('sent', async () => (await chain.client.getTxpoolStatus()).pending === 1)
    await chain.client.sendTransaction({
      account: relayer,
      to: relayer.address,
      nonce: await nonce(),
      maxFeePerGas: parseGwei('100'),
      maxPriorityFeePerGas: parseGwei('90'),
    })
    await chain.client.mine({ blocks: 1 })
    await chain.client.setAutomine(true)
    expect(await result).toBe('done')
  })
})

describe('a transaction', () => {
  it('that the node dropped is sent again', async () => {
    const runId = await people.openRun(usdc)
    await chain.client.setAutomine(false)
    const result = resultOf(relay, requestOf(runId, agent))
    await until('sent', async () => (await chain.client.getTxpoolStatus()).pending === 1)
    await chain.client.request({ method: 'anvil_dropAllTransactions' } as never)
    await until('sent again', async () => (await chain.client.getTxpoolStatus()).pending === 1)
    await chain.client.mine({ blocks: 1 })
    expect(await result).toBe('done')
  })

  it('whose receipt is late is awaited', async () => {
    node.plan('eth_getTransactionReceipt', [refuse, refuse, status(500), status(500)])
    expect(await claimNewRun()).toEqual(['done', 1])
  })

  it('whose receipt is missing while its claim expires still decides the claim', { timeout: 30_000 }, async () => {
    const runId = await people.openRun(usdc)
    const request = await signedRequestOf(people, runId, agent)
    const missing: Fault = { kind: 'reply', reply: { result: null } }
    node.from(({ method }) => (method === 'eth_getTransactionReceipt' ? missing : undefined))
    const { actionId: claimId, status } = await relay.act(request, contextOf(AbortSignal.timeout(1_000)))
    expect(status).toBe('accepted')
    const { number: minedIn } = await chain.client.getBlock()
    const [txHash] = (await chain.client.getBlock()).transactions
    await chain.client.setNextBlockTimestamp({ timestamp: (await people.now()) + 1_000n })
    await chain.client.mine({ blocks: 1 })
    // The relay looks for expired claims every five seconds, and waits ten for a receipt.
    await sleep(6_000)
    expect(await relay.find(claimId)).toMatchObject({ state: 'open' })
    node.heal()
    await until('decided', async () => (await relay.find(claimId))?.state !== 'open')
    expect(await relay.find(claimId)).toMatchObject({ state: 'done', blockNumber: minedIn, txHash })
  })
})

describe('a dead node', () => {
  it('is reported as unavailable after few calls, while the request could wait', async () => {
    const runId = await people.openRun(usdc)
    const waits = AbortSignal.timeout(15_000)
    let calls = 0
    node.from(() => {
      calls++
      return refuse
    })
    const problem = await relay.act(requestOf(runId, agent), contextOf(waits)).catch((error) => error)
    expect([waits.aborted, calls < 30], `${calls} calls`).toEqual([false, true])
    expect(problem).toBeInstanceOf(Refusal)
    expect(problem).toMatchObject({ code: 'RELAY_UNAVAILABLE', retrySeconds: expect.any(Number) })
    node.heal()
    expect(await resultOf(relay, requestOf(runId, agent))).toBe('done')
  })

  it('that accepts requests and never answers is given up before the request is', async () => {
    const runId = await people.openRun(usdc)
    node.plan('eth_call', Array(4).fill({ kind: 'hang' }))
    const waits = AbortSignal.timeout(15_000)
    const problem = await relay.act(requestOf(runId, agent), contextOf(waits)).catch((error) => error)
    expect([problem.code, waits.aborted]).toEqual(['RELAY_UNAVAILABLE', false])
    node.heal()
  })

  it('does not keep the relay from starting, and is used once it recovers', async () => {
    node.from(() => refuse)
    const early = await relayOn({ ...chain, rpcUrl: node.url })
    const runId = await people.openRun(usdc)
    expect(await resultOf(early, requestOf(runId, agent))).toBe('RELAY_UNAVAILABLE')
    node.heal()
    expect(await resultOf(early, requestOf(runId, agent))).toBe('done')
    await early.close()
  })

  it('of another chain, or without the market, makes the start fail', async () => {
    const elsewhere = { ...chain.deployment, chainId: 1 }
    await expect(relayOn({ ...chain, deployment: elsewhere })).rejects.toThrow('The node serves chain 31337')
    const { BountyMarket: _, ...contracts } = chain.deployment.contracts
    const without = { ...chain.deployment, contracts: { ...contracts, BountyMarket: accountOf(9).address } }
    await expect(relayOn({ ...chain, deployment: without })).rejects.toThrow('There is no BountyMarket')
  })
})

describe('a relayer', () => {
  it('without funds keeps its signed claims, accepts no others, and continues once it is funded', async () => {
    const balance = await chain.client.getBalance({ address: relayer.address })
    await chain.client.setBalance({ address: relayer.address, value: 0n })
    const runId = await people.openRun(usdc)
    const later = await people.openRun(usdc)
    expect(await resultOf(relay, requestOf(runId, agent), 300)).toBe('signed')
    const problem = await relay
      .act(requestOf(later, agent), contextOf(AbortSignal.timeout(15_000)))
      .catch((error) => error)
    expect(problem).toMatchObject({ code: 'RELAY_UNAVAILABLE', message: 'The relayer is out of funds.' })
    await until('logged', async () => log.some((line) => line.includes('"level":50') && line.includes('unfunded')))
    await chain.client.setBalance({ address: relayer.address, value: balance })
    expect(await resultOf(relay, requestOf(runId, agent))).toBe('done')
    expect(await resultOf(relay, requestOf(later, agent))).toBe('done')
  })

  it('does not pay more than MAX_FEE_GWEI', async () => {
    const runId = await people.openRun(usdc)
    await chain.client.setNextBlockBaseFeePerGas({ baseFeePerGas: parseGwei('250') })
    await chain.client.mine({ blocks: 1 })
    await quotesPass()
    expect(await resultOf(relay, requestOf(runId, agent))).toBe('RELAY_UNAVAILABLE')
    await chain.client.setNextBlockBaseFeePerGas({ baseFeePerGas: parseGwei('1') })
    await chain.client.mine({ blocks: 1 })
    await until('done', async () => (await resultOf(relay, requestOf(runId, agent))) === 'done', 1_000)
  })

  it('without the relayer role makes signed claims only', async () => {
    const plain = await relayOn(chain, { accounts: [accountOf(11)] })
    const runId = await people.openRun(usdc)
    expect(await resultOf(plain, requestOf(runId, agent))).toBe('SIGNATURE_REQUIRED')
    const { signature, deadline } = await people.sign(runId, agent)
    const signed = { signature, deadline: BigInt(deadline) }
    expect(await resultOf(plain, signedWith(requestOf(runId, agent), signed))).toBe('done')
    await plain.close()
  })

  it('among several is used in turn, and each counts its own nonces', async () => {
    const keys = [relayer, accountOf(12), accountOf(13)]
    const pool = await relayOn(chain, { accounts: keys, allowUnsigned: false, maxBatch: 1 })
    const runIds = await Promise.all(Array.from({ length: 12 }, () => people.openRun(usdc)))
    const words = await Promise.all(runIds.map((runId) => people.sign(runId, agent)))
    const counts = () => Promise.all(keys.map(({ address }) => chain.client.getTransactionCount({ address })))
    const before = await counts()
    const results = await Promise.all(
      runIds.map((runId, index) => {
        const { signature = '0x' as Hex, deadline = 0 } = words[index] ?? {}
        return resultOf(pool, signedWith(requestOf(runId, agent), { signature, deadline: BigInt(deadline) }))
      }),
    )
    expect(results).toEqual(Array(12).fill('done'))
    const sent = (await counts()).map((count, index) => count - (before[index] ?? 0))
    expect(sent.reduce((sum, count) => sum + count)).toBe(12)
    expect(Math.min(...sent)).toBeGreaterThan(0)
    await pool.close()
  })
})
