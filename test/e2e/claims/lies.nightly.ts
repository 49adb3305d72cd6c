import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { findDisorder, readLedger } from '../../support/claimLedger.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { type ChooseFault, type Fault, type RpcProxy, startRpcProxy } from '../../support/rpcProxy.ts'
import { contextOf, relayer, relayOn, requestOf, resultOf, signedRequestOf, until } from './claimsOnChain.ts'

/** Blocks are mined with transactions, and once a second besides: the chain advances whatever a faulty node answers. */
let chain: TestChain & { databaseUrl: string }
let people: Participants
let agent: Agent
let node: RpcProxy
let relay: Relay
const log: string[] = []

beforeAll(async () => {
  chain = { ...(await startTestChain()), databaseUrl: await freshDatabase() }
  people = participantsOf(chain)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  node = await startRpcProxy(chain.rpcUrl)
  relay = await relayOn({ ...chain, rpcUrl: node.url }, {}, log)
}, 60_000)

afterEach(() => {
  node.heal()
})

afterAll(async () => {
  await relay?.close()
  await node?.stop()
  await chain?.stop()
})

const isCount: (method: string) => boolean = (method) => method === 'eth_getTransactionCount'

const lies = () => (node.counts.get('nonce') ?? 0) + (node.counts.get('stale') ?? 0)

/** Claims `count` new runs while the node lies, and again once it does not: all must be won. */
async function claimWhile(lie: ChooseFault, count = 6) {
  const runIds = await Promise.all(Array.from({ length: count }, () => people.openRun(usdc)))
  await chain.client.mine({ blocks: 4 })
  const before = lies()
  node.from(lie)
  const early = runIds.map((runId) => resultOf(relay, requestOf(runId, agent), 4_000))
  const answers = await Promise.all(early)
  // A lie may keep a claim from being sent, or its outcome from the relay; it must not get a claim refused.
  for (const answer of answers) expect(['done', 'accepted', 'signed', 'RELAY_UNAVAILABLE']).toContain(answer)
  node.heal()
  expect(lies()).toBeGreaterThan(before)
  for (const runId of runIds) expect(await resultOf(relay, requestOf(runId, agent))).toBe('done')
  const settled = async () =>
    (await readLedger(chain, [relayer.address])).txs.every(({ state }) => state !== 'accepted')
  await until('settled', settled)
  expect(findDisorder(await readLedger(chain, [relayer.address]))).toEqual([])
}

const nonce = (by: number): Fault => ({ kind: 'nonce', by })

describe('a node that miscounts nonces', { timeout: 60_000 }, () => {
  it.each<[string, ChooseFault]>([
    ['too few', ({ method }) => (isCount(method) ? nonce(-2) : undefined)],
    ['too many', ({ method }) => (isCount(method) ? nonce(3) : undefined)],
    ['too many pending', ({ method, params }) => (isCount(method) && params[1] === 'pending' ? nonce(3) : undefined)],
    ['now too few, now too many', flapping((turn) => nonce((turn % 5) - 2), isCount)],
  ])('by returning %s causes no lost and no doubled claim', (_, lie) => claimWhile(lie))
})

describe('a node that lags behind', { timeout: 60_000 }, () => {
  it('by some blocks causes no lost and no doubled claim', () => claimWhile(() => ({ kind: 'stale', blocks: 3 })))

  it('on every other call, as one of two behind a balancer, causes no lost and no doubled claim', () =>
    claimWhile(
      flapping(
        (turn) => (turn % 2 ? { kind: 'stale', blocks: 2 } : undefined),
        () => true,
      ),
    ))
})

describe('a node that invents nonces', { timeout: 60_000 }, () => {
  const million = 1_000_000

  it.each<[string, ChooseFault]>([
    ['pending', ({ method, params }) => (isCount(method) && params[1] === 'pending' ? nonce(million) : undefined)],
    ['mined', ({ method }) => (isCount(method) ? nonce(million) : undefined)],
  ])('as %s makes the signer pause until the node recovers', async (_, lie) => {
    const runId = await people.openRun(usdc)
    const later = await people.openRun(usdc)
    expect(await resultOf(relay, requestOf(runId, agent))).toBe('done')
    const { length } = log
    const used = await chain.client.getTransactionCount({ address: relayer.address })
    node.from(lie)
    expect(await resultOf(relay, requestOf(later, agent), 2_000)).toBe('RELAY_UNAVAILABLE')
    const alarms = () => log.slice(length).filter((line) => line.includes('implausible nonces: the signer rests'))
    expect(alarms()).toHaveLength(1)
    expect(JSON.parse(alarms()[0] ?? '{}').level).toBe(50)
    expect(await relay.signers()).toMatchObject([
      { objection: expect.stringMatching(/^The node (counts|expects nonce) 1\d{6} /) },
    ])
    node.heal()
    // The relay recovers also without another claim that calls the node.
    expect(await relay.signers()).toMatchObject([{ objection: undefined }])
    expect(await resultOf(relay, requestOf(later, agent))).toBe('done')
    expect(await chain.client.getTransactionCount({ address: relayer.address })).toBe(used + 1)
    expect(findDisorder(await readLedger(chain, [relayer.address]))).toEqual([])
  })

  it('of one signer lets another signer make the claims', async () => {
    const other = accountOf(12)
    const both = { ...chain, databaseUrl: await freshDatabase(), rpcUrl: node.url }
    const two = await relayOn(both, { accounts: [relayer, other], maxBatch: 1 })
    const claims = async () =>
      Promise.all([1, 2].map(async () => signedRequestOf(people, await people.openRun(usdc), agent)))
    for (const request of await claims()) expect(await resultOf(two, request)).toBe('done')
    const requests = await claims()
    node.from(({ method, params }) =>
      isCount(method) && String(params[0]).toLowerCase() === relayer.address.toLowerCase() ? nonce(million) : undefined,
    )
    for (const request of requests) expect(await resultOf(two, request)).toBe('done')
    await two.close()
  })
})

describe('a node that does not know a mined claim yet', { timeout: 60_000 }, () => {
  it('is no proof of a reorg: the claim stays won', async () => {
    const runId = await people.openRun(usdc)
    const outcome = await relay.act(requestOf(runId, agent), contextOf(AbortSignal.timeout(5_000)))
    await until('settled', async () => (await relay.find(outcome.actionId))?.state === 'done')
    const { length } = log
    const isExplicit = (block: unknown) => typeof block === 'string' && block.startsWith('0x')
    node.from(({ method, params }) => {
      const isUnknown =
        method === 'eth_getTransactionReceipt' || (method === 'eth_getBlockByNumber' && isExplicit(params[0]))
      return isUnknown ? { kind: 'null block' } : undefined
    })
    await sleep(4_000)
    expect(node.counts.get('null block')).toBeGreaterThan(0)
    expect(log.slice(length).filter((line) => line.includes('a reorg took'))).toEqual([])
    expect((await relay.find(outcome.actionId))?.tx.state).toBe('mined')
  })
})

/** A lie that changes from call to call. */
function flapping(lie: (turn: number) => Fault | undefined, isMeant: (method: string) => boolean): ChooseFault {
  let turn = 0
  return ({ method }) => (isMeant(method) ? lie(turn++) : undefined)
}
