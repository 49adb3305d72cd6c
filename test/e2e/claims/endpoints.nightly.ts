import { pino } from 'pino'
import { numberToHex } from 'viem'
import { afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createChainClient } from '../../../core/node/chainClient.ts'
import { createEndpoints, type Endpoints } from '../../../core/node/endpoints.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { type ChooseFault, type Fault, type RpcProxy, startRpcProxy, status } from '../../support/rpcProxy.ts'
import { relayer, relayOn, requestOf, resultOf, signedRequestOf, until } from './claimsOnChain.ts'

let chain: TestChain
let people: Participants
let agent: Agent
let first: RpcProxy
let second: RpcProxy
let endpoints: Endpoints
let relay: Relay
const log: string[] = []

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  chain = await startTestChain({})
  parts.defer(chain.stop)
  people = participantsOf(chain)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  first = await startRpcProxy(chain.rpcUrl)
  parts.defer(first.stop)
  second = await startRpcProxy(chain.rpcUrl)
  parts.defer(second.stop)
  const logger = pino({ level: 'info' }, { write: (line: string) => log.push(line) })
  const { chainId } = chain.deployment
  endpoints = createEndpoints({ rpcUrls: [first.url, second.url], chainId, logger })
  relay = await relayOn({ ...chain, databaseUrl: await freshDatabase() }, { endpoints, logger })
  parts.defer(relay.close)
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 60_000)

afterEach(async () => {
  first.heal()
  second.heal()
  // The first endpoint is used again before the next test. A claim that is won may be the second one's.
  const isInUse = async () => {
    const [result] = await claimNewRun()
    return result === 'done' && endpoints.list[0]?.state === 'usable'
  }
  // An endpoint's `Retry-After` is obeyed for up to ten seconds.
  await until('the first endpoint in use', isInUse, 15_000)
})

const nonce = () => chain.client.getTransactionCount({ address: relayer.address })
const always =
  (fault: Fault): ChooseFault =>
  () =>
    fault

/** Claims a new run. @returns the outcome, and the number of transactions that it took. */
async function claimNewRun() {
  const runId = await people.openRun(usdc)
  const before = await nonce()
  const result = await resultOf(relay, requestOf(runId, agent))
  return [result, (await nonce()) - before]
}

describe('with two endpoints', { timeout: 60_000 }, () => {
  it.each<[string, Fault]>([
    ['refuses connections', { kind: 'refuse' }],
    ['limits requests', status(429, 3_600)],
    ['answers with pages of HTML', status(200)],
    ['leads to another chain', { kind: 'wrong chain', chainId: 1 }],
    ['is behind', { kind: 'stale', blocks: 4 }],
  ])('a claim is won once while the first %s', async (_, fault) => {
    first.from(always(fault))
    await until('done', async () => {
      const [result, count] = await claimNewRun()
      expect(count).toBeLessThanOrEqual(1)
      return result === 'done'
    })
  })

  it('a claim whose first broadcast got no answer is won once', async () => {
    first.from(({ method }) => (method === 'eth_sendRawTransaction' ? { kind: 'drop' } : undefined))
    expect(await claimNewRun()).toEqual(['done', 1])
  })

  it('no claim is decided by an endpoint that is behind the one that failed', async () => {
    second.from(always({ kind: 'stale', blocks: 4 }))
    expect((await claimNewRun())[0]).toBe('done')
    first.from(always({ kind: 'refuse' }))
    const runId = await people.openRun(usdc)
    expect(await resultOf(relay, requestOf(runId, agent), 5_000)).toBe('RELAY_UNAVAILABLE')
    second.heal()
    await until('done', async () => (await resultOf(relay, requestOf(runId, agent))) === 'done')
  })

  it.each([1, 1_000])(
    'an endpoint that names a block %s too high has no effect on claims and refusals',
    async (excess) => {
      const absent = await people.openRun(usdc)
      const named = () => second.counts.get('reply') ?? 0
      const before = named()
      second.from(async ({ method }) => {
        if (method !== 'eth_blockNumber') return undefined
        const number = await chain.client.getBlockNumber({ cacheTime: 0 })
        return { kind: 'reply', reply: { result: numberToHex(number + BigInt(excess)) } }
      })
      first.from(always({ kind: 'refuse' }))
      const client = createChainClient(endpoints)
      await until(
        'named',
        async () => (await client.getBlockNumber({ cacheTime: 0 }).catch(() => 0n)) > 0n && named() > before,
      )
      first.heal()
      // Before a new block is mined.
      expect(await resultOf(relay, requestOf(absent + 1_000n, agent))).toBe('RUN_NOT_FOUND')
      expect(await claimNewRun()).toEqual(['done', 1])
      await until('in use', async () => {
        await claimNewRun()
        return endpoints.list[0]?.state === 'usable'
      })
    },
  )

  it.each([
    ['', 0],
    [' with a timestamp of the future', 2_000_000],
  ])('an endpoint that forges a latest block a million blocks ahead%s has no effect on claims', async (_, seconds) => {
    const shown = () => second.counts.get('forged head') ?? 0
    const before = shown()
    second.from(always({ kind: 'forged head', blocks: 1_000_000, seconds }))
    await until('shown twice', async () => {
      expect(await claimNewRun()).toEqual(['done', 1])
      return shown() >= before + 4
    })
    expect(endpoints.list[1]?.state).toBe('refuted')
  })

  it('an endpoint of another chain is not used, not even while no other answers, and the log names it', async () => {
    second.from(always({ kind: 'wrong chain', chainId: 10 }))
    first.from(always({ kind: 'refuse' }))
    const named = () => log.map((line) => JSON.parse(line)).filter(({ chainId }) => chainId === 10)
    const claimRun = async () => resultOf(relay, requestOf(await people.openRun(usdc), agent), 5_000)
    // Until its next check, the endpoint may be used, or be refused for what the test before showed of it.
    await until('named', async () => {
      await claimRun()
      return named().length > 0
    })
    expect(await claimRun()).toBe('RELAY_UNAVAILABLE')
    expect(named()).toMatchObject([
      {
        endpoint: `${new URL(second.url).host} (endpoint 2 of 2)`,
        expected: 31337,
        msg: 'An endpoint serves another chain: it is not used',
      },
    ])
  })
})

it('of three endpoints, the first is not used while it forges its latest block', async () => {
  const { chainId } = chain.deployment
  const rpcUrls = [first.url, second.url, chain.rpcUrl]
  const three = createEndpoints({ rpcUrls, chainId, logger: pino({ level: 'silent' }) })
  const client = createChainClient(three)
  await until('all known', async () => {
    await client.getBlock()
    return three.list.every(({ checkedAt }) => checkedAt > 0)
  })
  first.from(always({ kind: 'forged head', blocks: 1_000_000, seconds: 0 }))
  const number = await chain.client.getBlockNumber({ cacheTime: 0 })
  for (let asked = 0; asked < 5; asked++) expect((await client.getBlock()).number).toBe(number)
  expect(three.highestBlock()).toBe(Number(number))
  first.heal()
  // A jump of the chain itself is seen by all.
  await chain.client.mine({ blocks: 1_000 })
  for (let asked = 0; asked < 5; asked++) expect((await client.getBlock()).number).toBe(number + 1_000n)
})

it('a claim is not refused by a node that is behind another one of the same endpoint', {
  timeout: 60_000,
}, async () => {
  const { chainId } = chain.deployment
  const logger = pino({ level: 'silent' })
  const one = await relayOn(
    { ...chain, databaseUrl: await freshDatabase() },
    { endpoints: createEndpoints({ rpcUrls: [first.url], chainId, logger }), accounts: [accountOf(3)], logger },
  )
  onTestFinished(one.close)
  // The node that is behind has the market, and not the run.
  await chain.client.mine({ blocks: 20 })
  const runId = await people.openRun(usdc)
  const request = await signedRequestOf(people, runId, agent)
  expect(await resultOf(one, await signedRequestOf(people, await people.openRun(usdc), agent))).toBe('done')
  first.from(always({ kind: 'stale', blocks: 12 }))
  expect(await resultOf(one, request, 5_000)).toBe('RELAY_UNAVAILABLE')
  first.heal()
  await until('done', async () => (await resultOf(one, request)) === 'done')
})
