import { zeroAddress } from 'viem'
import { beforeAll, describe, expect, it } from 'vitest'
import { createRunlineReads, headersOf, ProblemError, type RunlineReads } from '../../../packages/client/src/reads.ts'
import {
  FalseAnswerError,
  proofOf,
  UnverifiedAnswerError,
  type VerifyOptions,
  verifyReads,
} from '../../../packages/client/src/verify/index.ts'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { type Runs, runsOn, situations } from '../../e2e/actions/runsInStates.ts'
import { createRandom, type Random, seedOf } from '../../simulation/random.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { usdc } from '../../support/participants.ts'
import { type RpcProxy, says, startRpcProxy } from '../../support/rpcProxy.ts'
import { type Answer, lyingFetch, memberAt, otherValue, type Place, placesIn, withMember } from './lies.ts'

/** How many answers are changed, and how many honest ones are read through reorgs. A long campaign has 10,000 each. */
const LIES = Number(process.env.VERIFY_LIES ?? 200)
const ANSWERS = Number(process.env.VERIFY_ANSWERS ?? 60)
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))

/** For how long the API is asked again where the test expects no better answer. Seconds. */
const SHORT_TIMEOUT = 0.1

let market: TestMarket
let runs: Runs
let node: RpcProxy
let ids: bigint[]
let agentIds: bigint[]

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  market = await startTestMarket()
  parts.defer(market.stop)
  node = await startRpcProxy(market.rpcUrl)
  parts.defer(node.stop)
  runs = await runsOn(market)
  ids = []
  let reward = 10n * usdc
  for (const situation of situations) {
    reward += 1_000_000n
    const evaluator = situation === 'SUBMITTED' ? accountOf(7).address : zeroAddress
    ids.push(await runs.runIn(situation, evaluator, reward))
  }
  // One that its agent alone may claim, and one that no wallet may claim yet.
  for (const claimant of [runs.agent.wallet.address, runs.people.poster]) {
    ids.push(await runs.people.openRun(usdc, 86_400n, claimant))
  }
  const poor = await runs.people.newAgent(accountOf(3), 0n)
  const other = await runs.people.newAgent(accountOf(4), 30n * usdc)
  const account = accountOf(4).address
  await runs.people.mined(() =>
    market.registry.write.setAgentURI([other.id, `data:,\n\0${'é'.repeat(2_000)}`], { account }),
  )
  await runs.people.mined(() => market.registry.write.unsetAgentWallet([other.id], { account }))
  await runs.people.mined(() => market.staking.write.ban([poor.id], { account: accountOf(roles.deployer).address }))
  agentIds = [runs.agent.id, poor.id, other.id]
  // Reorgs of the tests remove none of these.
  await market.client.mine({ blocks: 20 })
  await market.indexed()
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 180_000)

/** A client that verifies, and the options that the test changes. */
function verified(fetch = globalThis.fetch, options: Partial<VerifyOptions> = {}): RunlineReads {
  const { chainId, api } = market
  return verifyReads(createRunlineReads({ url: api.url, fetch }), {
    node: node.url,
    market: { chainId, address: market.market.address },
    ...options,
  })
}

type Kind = { name: string; read: (client: RunlineReads, random: Random) => Promise<object> }

/** The answers that are verified. */
const kinds: Kind[] = [
  { name: 'run', read: (client, random) => client.runs.get(random.pick(ids)) },
  { name: 'runs', read: (client) => client.runs.list({ limit: 5 }) },
  { name: 'agent', read: (client, random) => client.agents.get(random.pick(agentIds)) },
  { name: 'stake', read: (client, random) => client.agents.getStakeInfo(random.pick(agentIds)) },
  { name: 'agents', read: (client) => client.agents.list({ limit: 3 }) },
  {
    name: 'claim',
    read: (client, random) => client.agents.canClaimRun({ agentId: random.pick(agentIds), runId: random.pick(ids) }),
  },
]

/** The member of a run or an agent at the place, without its number in a list. */
const fieldAt = (place: Place): string => String(typeof place[1] === 'number' ? (place[2] ?? place[0]) : place[0])

describe('an honest API', () => {
  it('is believed in every answer, and the answer says what is not proven', async () => {
    const client = verified()
    for (const id of ids) {
      const run = await client.runs.get(id)
      expect(proofOf(run)?.block.hash).toBe(headersOf(run)?.get('X-Indexed-Hash'))
      expect(proofOf(run)?.unproven).toEqual(['title', 'summary', 'tags', 'brief', 'posterRecord', 'applications'])
    }
    for (const id of agentIds) {
      expect(proofOf(await client.agents.get(id))?.unproven).toEqual(['volume', 'feesPaid', 'name', 'description'])
      for (const runId of ids)
        expect(proofOf(await client.agents.canClaimRun({ agentId: id, runId }))?.unproven).toEqual(['reasons'])
    }
    const listed: number[] = []
    for await (const { bountyId } of client.runs.all({ limit: 4 })) listed.push(Number(bountyId))
    expect(listed).toEqual(ids.map(Number).toReversed())
    const agents: number[] = []
    for await (const { id } of client.agents.all()) agents.push(Number(id))
    expect(agents).toEqual(agentIds.map(Number))
    expect(proofOf(await client.runs.list())?.unproven).toEqual(['pagination', 'title', 'summary', 'tags'])
    expect(proofOf(await client.getStats())).toBeUndefined()
  }, 60_000)

  it('is believed that there is no such run or agent', async () => {
    const { runs, agents } = verified()
    const refusals = await Promise.all([
      runs.get(999_999).catch((error: unknown) => error),
      runs.get(2n ** 300n).catch((error: unknown) => error),
      agents.getStakeInfo(999_999).catch((error: unknown) => error),
      agents.canClaimRun({ agentId: 999_999, runId: 1 }).catch((error: unknown) => error),
    ])
    const codes = refusals.map((error) => (error instanceof ProblemError ? error.code : error))
    expect(codes).toEqual(['RUN_NOT_FOUND', 'RUN_NOT_FOUND', 'AGENT_NOT_FOUND', 'AGENT_NOT_FOUND'])
  })

  it('is asked again where a reorg removes the block between answer and check', async () => {
    let answers = 0
    const client = verified(
      lyingFetch(async (answer) => {
        if (answers++ > 0) return answer
        const latest = await market.client.getBlockNumber({ cacheTime: 0 })
        // The chain may mine blocks before the reorg.
        const depth = Number(latest) - Number(answer.headers['x-indexed-block']) + 10
        await market.client.request({ method: 'anvil_reorg', params: [depth, []] })
        return answer
      }),
    )
    const run = await client.runs.get(ids[0] ?? 0n)
    expect(answers).toBeGreaterThan(1)
    const { number, hash } = proofOf(run)?.block ?? {}
    expect((await market.client.getBlock({ blockNumber: number ?? 0n })).hash).toBe(hash)
  }, 60_000)
})

describe('a lying API', () => {
  it(`is caught in each of ${LIES} lies about one member, and the error names the member`, async () => {
    console.log(`SEED=${SEED}`)
    const unproven = new Map<string, Set<string>>()
    for (const { name, read } of kinds) {
      unproven.set(name, new Set(proofOf(await read(verified(), createRandom(SEED)))?.unproven))
    }
    const caught = new Map<string, number>()
    const missed: string[] = []
    const lieOnce = async (number: number) => {
      const random = createRandom(seedOf(SEED, `lie ${number}`))
      const { name, read } = random.pick(kinds)
      let lieText = ''
      let field = ''
      const lie = (answer: Answer): Answer => {
        const places = placesIn(answer.body).filter((place) => !unproven.get(name)?.has(fieldAt(place)))
        const place = random.pick(places)
        field = fieldAt(place)
        const before = memberAt(answer.body, place)
        const member = random.chance(0.05) ? undefined : otherValue(String(place.at(-1)), before, random)
        lieText = `${name}: ${place.join('.')} ${JSON.stringify(before)} → ${JSON.stringify(member)}`
        return { ...answer, body: withMember(answer.body, place, member) }
      }
      const error = await read(verified(lyingFetch(lie)), random).then(
        () => undefined,
        (reason: unknown) => reason,
      )
      const isCaught =
        error instanceof FalseAnswerError && error.differences.some((one) => one.field === field || one.field === 'id')
      if (isCaught) caught.set(`${name}.${field}`, (caught.get(`${name}.${field}`) ?? 0) + 1)
      else missed.push(`${lieText}: ${error}`)
    }
    for (let count = 0; count < LIES; count += 5) {
      await Promise.all(Array.from({ length: 5 }, (_, index) => lieOnce(count + index)))
    }
    console.log(Object.fromEntries([...caught].toSorted(([a], [b]) => a.localeCompare(b))))
    expect(missed).toEqual([])
  }, 3_600_000)

  it.each<[string, (headers: Answer['headers'], block: bigint) => Promise<Answer['headers']>]>([
    ['a later block', async (headers, block) => ({ ...headers, 'x-indexed-block': String(block + 1n) })],
    ['an earlier block', async (headers, block) => ({ ...headers, 'x-indexed-block': String(block - 1n) })],
    [
      'the hash of another block',
      async (headers, block) => ({ ...headers, 'x-indexed-hash': await hashOf(block - 1n) }),
    ],
    [
      'a block before the run',
      async (headers) => ({ ...headers, 'x-indexed-block': '1', 'x-indexed-hash': await hashOf(1n) }),
    ],
  ])('is caught where it names %s', async (_, change) => {
    const lie = async (answer: Answer) => {
      return { ...answer, headers: await change(answer.headers, BigInt(answer.headers['x-indexed-block'] ?? 0)) }
    }
    const read = verified(lyingFetch(lie), { maxLagSeconds: 10 ** 9 }).runs.get(ids[0] ?? 0n)
    await expect(read).rejects.toThrow(FalseAnswerError)
  })

  const hashOf = async (blockNumber: bigint) => (await market.client.getBlock({ blockNumber })).hash

  it.each([
    ['a hash that no block has', { 'x-indexed-hash': `0x${'ab'.repeat(32)}` }, 'BLOCK_UNKNOWN'],
    ['no block', { 'x-indexed-hash': '' }, 'BLOCK_MISSING'],
    [
      'a block that does not exist yet',
      { 'x-indexed-block': '900000', 'x-indexed-hash': `0x${'ab'.repeat(32)}` },
      'NODE_BEHIND',
    ],
  ])('is not believed where it names %s', async (_, headers, reason) => {
    const lie = (answer: Answer) => ({ ...answer, headers: { ...answer.headers, ...headers } })
    const read = verified(lyingFetch(lie), { timeoutSeconds: SHORT_TIMEOUT }).runs.get(ids[0] ?? 0n)
    await expect(read).rejects.toMatchObject({ name: 'UnverifiedAnswerError', reason })
  })

  it('is caught where it hides a run or an agent', async () => {
    const hide =
      (code: string): typeof fetch =>
      async (input) => {
        const { headers } = await fetch(input)
        const named = ['X-Indexed-Block', 'X-Indexed-Hash'].map((name) => [name, headers.get(name) ?? ''])
        const problem = { 'Content-Type': 'application/problem+json', 'X-Fault': 'true' }
        const body = JSON.stringify({ code, detail: 'There is none.', status: 404 })
        return new Response(body, { status: 404, headers: { ...Object.fromEntries(named), ...problem } })
      }
    const run = verified(hide('RUN_NOT_FOUND')).runs.get(ids[0] ?? 0n)
    await expect(run).rejects.toMatchObject({ name: 'FalseAnswerError', differences: [{ proven: 'OPEN' }] })
    const agent = verified(hide('AGENT_NOT_FOUND')).agents.getStakeInfo(runs.agent.id)
    await expect(agent).rejects.toThrow(FalseAnswerError)
  })

  it('is caught where it lists a run twice, and where it answers with something else', async () => {
    const twice = (answer: Answer) => {
      const listed = answer.body.runs as object[]
      return { ...answer, body: { ...answer.body, runs: [...listed, ...listed.slice(0, 1)] } }
    }
    await expect(verified(lyingFetch(twice)).runs.list({ limit: 2 })).rejects.toThrow(/bountyId ".* twice"/)
    for (const body of [{}, { runs: null }, { runs: [null] }, { runs: ['run'] }]) {
      const client = verified(lyingFetch((answer) => ({ ...answer, body })))
      await expect(client.runs.list(), JSON.stringify(body)).rejects.toThrow(FalseAnswerError)
    }
  })

  it('is caught where it gives an old answer as new', async () => {
    const [id = 0n] = ids
    let old: Answer | undefined
    await verified(lyingFetch((answer) => (old = answer))).runs.get(id)
    const stored = old as unknown as Answer
    await runs.people.mined(() => market.market.write.closeBounty([id], { account: runs.people.poster }))
    await market.indexed()
    const minBlock = Number(await market.client.getBlockNumber({ cacheTime: 0 }))
    // Asked for a later block, it is caught at once; with the block of an honest answer, by the state.
    const past = verified(lyingFetch(() => stored))
    await expect(past.runs.get(id, { minBlock })).rejects.toThrow(`not "at least ${minBlock}"`)
    const mixed = verified(lyingFetch(({ headers }) => ({ body: stored.body, headers })))
    await expect(mixed.runs.get(id)).rejects.toMatchObject({
      differences: [{ field: 'state' }, { field: 'claimable' }],
    })
    // Not asked for a block, it is caught by its age.
    await market.client.increaseTime({ seconds: 61 })
    await market.client.mine({ blocks: 1 })
    const late = verified(
      lyingFetch(() => stored),
      { timeoutSeconds: SHORT_TIMEOUT },
    )
    await expect(late.runs.get(id)).rejects.toMatchObject({ name: 'UnverifiedAnswerError', reason: 'OLD_ANSWER' })
    await market.indexed()
    expect(await verified().runs.get(id)).toMatchObject({ state: 'DRAFT' })
  })
})

describe('a node that can prove nothing', () => {
  const read = (options: Partial<VerifyOptions> = {}) =>
    verified(globalThis.fetch, { timeoutSeconds: SHORT_TIMEOUT, ...options }).runs.get(ids[1] ?? 0n)

  it('is named with the reason', async () => {
    const wrongChain = { chainId: 1, address: market.market.address }
    const wrongMarket = { chainId: market.chainId, address: accountOf(5).address }
    await expect(read({ node: 'http://127.0.0.1:1' })).rejects.toMatchObject({ reason: 'NODE_UNREACHABLE' })
    await expect(read({ market: wrongChain })).rejects.toMatchObject({ reason: 'WRONG_CHAIN' })
    await expect(read({ market: wrongMarket })).rejects.toMatchObject({ reason: 'NO_MARKET' })
  })

  it.each([
    ['is behind', { kind: 'stale', blocks: 5 } as const, undefined, 'NODE_BEHIND'],
    ['has pruned the state', says('missing trie node 1234 (path ) state is not available'), 'eth_call', 'NODE_PRUNED'],
    ['no longer has the header for the call', says('header not found'), 'eth_call', 'NODE_PRUNED'],
    ['has pruned the logs', says('pruned history unavailable', 4444), 'eth_getLogs', 'NODE_PRUNED'],
    [
      'has pruned the logs, and does not say so',
      { kind: 'reply', reply: { result: [] } } as const,
      'eth_getLogs',
      'NODE_PRUNED',
    ],
  ])('is named where it %s', async (_, fault, method, reason) => {
    const client = verified(globalThis.fetch, { timeoutSeconds: SHORT_TIMEOUT })
    // It has read the market's contracts before.
    await client.agents.get(agentIds[1] ?? 0n)
    node.from((call) => (method === undefined || call.method === method ? fault : undefined))
    const error = await client.runs.get(ids[1] ?? 0n).catch((reason: unknown) => reason)
    node.heal()
    expect(error).toBeInstanceOf(UnverifiedAnswerError)
    expect(error).toMatchObject({ reason })
  })

  it('that limits the range of logs is asked for smaller ones', async () => {
    let refused = 0
    node.from(({ method, params }) => {
      const [filter] = params as [{ fromBlock: string; toBlock: string }]
      // Anvil mines many blocks in a second. All runs were created in more than so many blocks.
      if (method !== 'eth_getLogs' || Number(filter.toBlock) - Number(filter.fromBlock) < 16) return undefined
      refused++
      return says('query exceeds max block range 16', -32_602)
    })
    const client = verified()
    for (const id of ids) await client.runs.get(id)
    await client.runs.list({ limit: 10 })
    node.heal()
    expect(refused).toBeGreaterThan(0)
  }, 60_000)
})

it(`no honest answer of ${ANSWERS} is called false while reorgs remove blocks`, async () => {
  const random = createRandom(SEED)
  const client = verified()
  const PER_ROUND = Math.max(20, ANSWERS / 100)
  let reorgs = 0
  let proven = 0
  for (let count = 0; count < ANSWERS; count += PER_ROUND) {
    const id = await runs.people.openRun()
    await runs.call('claim', id, zeroAddress)
    const reads = Array.from({ length: PER_ROUND }, async () => {
      const answer = await random.pick(kinds).read(client, random)
      expect(proofOf(answer)).toBeDefined()
      proven++
    })
    const depth = random.int(1, 3)
    const reorg = market.client.request({ method: 'anvil_reorg', params: [depth, []] }).then(() => reorgs++)
    await Promise.all([...reads, reorg])
  }
  console.log(`${proven} answers proven, ${reorgs} reorgs`)
}, 3_600_000)
