import { createWalletClient, type Hex, http, type LocalAccount } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { contentUri } from '../../../packages/client/src/content.ts'
import {
  createRunlineClient,
  createSalt,
  headersOf,
  isProblem,
  type Retry,
  UndecidedError,
} from '../../../packages/client/src/index.ts'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { type Runs, runsOn } from '../../e2e/actions/runsInStates.ts'
import { startFaultyApi } from '../../support/faultyApi.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { usdc } from '../../support/participants.ts'

let market: TestMarket
let runs: Runs

const poster = accountOf(6)
const open = { via: 'relay' } as const

beforeAll(async () => {
  market = await startTestMarket()
  runs = await runsOn(market)
  await runs.people.mined(() => market.usdc.write.mint([poster.address, 10_000n * usdc]))
  return market.stop
}, 120_000)

/** A client without a wallet. */
const reader = () => createRunlineClient({ url: market.api.url })

/** The client of an account. */
const clientOf = (account: LocalAccount) =>
  createRunlineClient({
    url: market.api.url,
    market: { chainId: market.chainId, address: market.market.address },
    wallet: createWalletClient({ account, chain: foundry, transport: http(market.rpcUrl), pollingInterval: 50 }),
  })

const ownTerms = async () => ({ reward: 10n * usdc, deadline: (await runs.people.now()) + 86_400n })
const terms = async () => ({ ...(await ownTerms()), ipfsHash: 'ipfs://task' })

describe('the wallet', () => {
  it('sends the calls of a message as they are', async () => {
    const { id, wallet } = runs.agent
    const runId = await runs.runIn('OPEN')
    const minBlock = Number(await market.client.getBlockNumber({ cacheTime: 0 }))
    const named = { runId: String(runId), agentId: String(id), walletAddress: wallet.address, minBlock }
    const { calls } = await reader().messages.get('claim', named)
    for (const { to, data, value } of calls) {
      const transaction = {
        account: wallet.address,
        to: to as Hex,
        data: data as Hex,
        value: BigInt(value),
        chain: null,
      }
      await runs.people.mined(() => market.client.sendTransaction(transaction))
    }
    const until = { minBlock: Number(await market.client.getBlockNumber({ cacheTime: 0 })) }
    expect(await reader().runs.get(runId, until)).toMatchObject({ state: 'CLAIMED', claimedBy: Number(id) })
  })

  it('posts, funds and closes runs, and approves exactly what each takes', async () => {
    const client = clientOf(poster)
    const stateAt = async (id: bigint, minBlock: number) => (await client.runs.get(id, { minBlock })).state
    const posted = await client.runs.post({ ...(await terms()), workPeriod: 3_600, stakePercent: 5 })
    const { workPeriod, stakeRequired, state } = await client.runs.get(posted.bountyId, {
      minBlock: posted.blockNumber,
    })
    expect([workPeriod, stakeRequired, state]).toEqual([3_600, '500000', 'OPEN'])
    const draft = await client.runs.create(await terms())
    expect(await stateAt(draft.bountyId, draft.blockNumber)).toBe('DRAFT')
    const funded = await client.runs.fund(draft.bountyId)
    expect(await stateAt(draft.bountyId, funded.blockNumber)).toBe('OPEN')
    expect(await market.usdc.read.allowance([poster.address, market.market.address])).toBe(0n)
    for (const { bountyId } of [draft, posted]) {
      const closed = await client.runs.close(bountyId, { via: 'wallet' })
      expect(await stateAt(bountyId, closed.blockNumber)).toBe('DRAFT')
    }
  })

  it('registers an agent, stakes for it and takes stake out', async () => {
    const { agents } = clientOf(poster)
    const { agentId } = await agents.register('ipfs://mine')
    await agents.stake(agentId, 21n * usdc)
    const { blockNumber } = await agents.unstake(agentId, usdc)
    expect(await agents.getStakeInfo(agentId, { minBlock: blockNumber })).toMatchObject({
      ownerAddress: poster.address,
      stakedAmount: String(20n * usdc),
    })
  })

  it('is named where the client has none', async () => {
    const client = createRunlineClient({ url: market.api.url, market: { chainId: 1, address: poster.address } })
    await expect(client.runs.start(1)).rejects.toThrow('The client needs the option wallet')
  })

  it('sends nothing once its signal has aborted', async () => {
    const before = await market.client.getTransactionCount({ address: poster.address })
    const signal = AbortSignal.abort(new Error('stopped by the test'))
    await expect(clientOf(poster).runs.create(await terms(), { signal })).rejects.toThrow('stopped by the test')
    expect(await market.client.getTransactionCount({ address: poster.address })).toBe(before)
  })
})

it('stops waiting when its signal aborts while the wallet sends', async () => {
  const stop = new AbortController()
  const client = createRunlineClient({
    url: market.api.url,
    market: { chainId: market.chainId, address: market.market.address },
    wallet: createWalletClient({
      account: poster,
      chain: foundry,
      transport: http(market.rpcUrl, {
        onFetchRequest: async (_, { body }) => {
          if (!String(body).includes('eth_sendRawTransaction')) return
          stop.abort(new Error('stopped by the test'))
          // Nothing is mined, so that the call could end by its signal only.
          await market.client.setAutomine(false)
        },
      }),
    }),
  })
  await market.client.setIntervalMining({ interval: 0 })
  try {
    const { signal } = stop
    await expect(client.runs.create(await terms(), { signal })).rejects.toThrow('stopped by the test')
  } finally {
    await market.client.setAutomine(true)
    await market.client.mine({ blocks: 1 })
  }
}, 20_000)

it('content is posted again after a lost answer', async () => {
  const proxy = await startFaultyApi(market.api.url)
  onTestFinished(proxy.stop)
  proxy.faults.push('refuse', 'lose')
  const { content } = createRunlineClient({ url: proxy.url })
  expect(await content.post('posted twice')).toBe(contentUri('posted twice'))
  expect(proxy.requests).toEqual(Array.from({ length: 3 }, () => 'POST /api/content'))
})

describe('content', () => {
  const agent = () => ({ via: 'relay', signer: runs.agent.wallet }) as const

  it('is stored with the action that names it, and read by its URI', async () => {
    const runId = await runs.runIn('CLAIMED')
    await market.indexed()
    const client = clientOf(poster)
    const { run } = await client.runs.submit(runId, { content: '\uFEFFGröße: 42' }, agent())
    const stored = await client.content.get(run.deliverableHash)
    expect([stored.mediaType, stored.text.replace('\uFEFF', '')]).toEqual(['text/markdown; charset=utf-8', 'Größe: 42'])
    const brief = { title: 'Name three rivers', tags: ['rivers'] }
    const { bountyId, blockNumber } = await client.runs.post({ ...(await ownTerms()), brief })
    expect(await client.runs.get(bountyId, { minBlock: blockNumber })).toMatchObject({ title: brief.title, brief })
    await expect(client.runs.post({ ...(await ownTerms()), brief: { title: '' } })).rejects.toThrow('is no brief')
    expect(await client.content.post({ missing: ['tests'] })).toMatch(/^ipfs:\/\/baf/)
    await expect(client.content.get('https://page.example')).rejects.toThrow('is no ipfs:// URI')
    const unknown = await client.content.get(contentUri('never stored')).catch((error: unknown) => error)
    expect(isProblem(unknown, 'CONTENT_NOT_FOUND')).toBe(true)
  })

  it('that is no URI is refused before it is signed, unless the caller insists', async () => {
    const runId = await runs.runIn('CLAIMED')
    await market.indexed()
    const client = clientOf(poster)
    await expect(client.runs.submit(runId, 'done!', agent())).rejects.toThrow(
      '"done!" is no URI, such as ipfs://… or https://…: the other party could not read it. Nothing was signed.',
    )
    const { run } = await client.runs.submit(runId, { uri: 'done!', isUnchecked: true }, agent())
    expect(run.deliverableHash).toBe('done!')
  })
})

it('a wallet without ether signs, and the API sends, where the caller names no way', async () => {
  const account = privateKeyToAccount(generatePrivateKey())
  await runs.people.mined(() => market.usdc.write.mint([account.address, 100n * usdc]))
  const { USDC, SignedFunding, AgentStaking, AgentRegistry } = market.deployment.contracts
  const client = createRunlineClient({
    url: market.api.url,
    market: { chainId: market.chainId, address: market.market.address },
    contracts: { usdc: USDC, signedFunding: SignedFunding, agentStaking: AgentStaking, agentRegistry: AgentRegistry },
    wallet: createWalletClient({ account, chain: foundry, transport: http(market.rpcUrl), pollingInterval: 50 }),
  })
  const { agentId } = await client.agents.register('ipfs://mine')
  const staked = await client.agents.stake(agentId, 20n * usdc)
  const posted = await client.runs.post({ ...(await ownTerms()), ipfsHash: 'ipfs://task' })
  expect([staked.txHash, posted.txHash]).toEqual([expect.stringMatching(/^0x/), expect.stringMatching(/^0x/)])
  const closed = await client.runs.close(posted.bountyId)
  expect((await client.runs.get(posted.bountyId, { minBlock: closed.blockNumber })).state).toBe('DRAFT')
  expect(await market.client.getTransactionCount({ address: account.address })).toBe(0)
  await expect(client.runs.close(posted.bountyId, { via: 'wallet' })).rejects.toThrow()
})

describe('a payment with a salt', () => {
  /** A payer without ether, the proxy's faults, and the client that it uses. */
  async function payerBehindFaults(timeoutSeconds = 30) {
    const proxy = await startFaultyApi(market.api.url)
    onTestFinished(proxy.stop)
    const signer = privateKeyToAccount(generatePrivateKey())
    await runs.people.mined(() => market.usdc.write.mint([signer.address, 1_000n * usdc]))
    const { USDC, SignedFunding, AgentStaking, AgentRegistry } = market.deployment.contracts
    const retries: string[] = []
    const client = createRunlineClient({
      url: proxy.url,
      market: { chainId: market.chainId, address: market.market.address },
      contracts: { usdc: USDC, signedFunding: SignedFunding, agentStaking: AgentStaking, agentRegistry: AgentRegistry },
      onRetry: ({ reason }) => retries.push(reason),
    })
    const paid = async () => 1_000n * usdc - (await market.usdc.read.balanceOf([signer.address]))
    return { proxy, client, paid, retries, by: { via: 'relay', signer, timeoutSeconds } as const }
  }

  it('is paid once, however often the call is repeated after a timeout, and again with another salt', async () => {
    const { proxy, client, paid, by } = await payerBehindFaults(0)
    const given = { ...(await ownTerms()), ipfsHash: 'ipfs://task' }
    const salted = { ...by, salt: createSalt() }
    proxy.faults.push('pass', 'lose')
    const error = await client.runs.post(given, salted).catch((reason: unknown) => reason)
    if (!(error instanceof UndecidedError)) throw error
    expect(error.message).toContain(`Wait with actions.wait("${error.actionId}")`)
    const { state, bountyId } = await client.actions.wait(String(error.actionId))
    expect(state).toMatch(/mined|final/)
    const repeated = await client.runs.post(given, { ...salted, timeoutSeconds: 30 })
    expect([repeated.actionId, repeated.run.bountyId]).toEqual([error.actionId, bountyId])
    expect(await paid()).toBe((105n * usdc) / 10n)
    await client.runs.post(given, { ...by, salt: createSalt(), timeoutSeconds: 30 })
    expect(await paid()).toBe(21n * usdc)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 1_200_000 })
    onTestFinished(() => void vi.useRealTimers())
    // The market has the true time: its posts are answered, although the client holds them for ended.
    expect((await client.runs.post(given, { ...salted, timeoutSeconds: 30 })).actionId).toBe(error.actionId)
    expect(await paid()).toBe(21n * usdc)
  })

  it('is refused once its salt has ended, as is a salt of another origin; registrations and stakes have one too', async () => {
    const { client, paid, by } = await payerBehindFaults()
    const salt = createSalt(Date.now() / 1_000 - 600)
    const given = { ...(await ownTerms()), ipfsHash: 'ipfs://task' }
    await expect(client.runs.post(given, { ...by, salt })).rejects.toMatchObject({ code: 'SIGNATURE_EXPIRED' })
    const foreign = `0x${'12'.repeat(32)}` as const
    await expect(client.runs.post(given, { ...by, salt: foreign })).rejects.toThrow(`The salt ${foreign} is none`)
    expect(await paid()).toBe(0n)
    const [ofAgent, ofStake] = [createSalt(), createSalt()]
    const registrations = [1, 2].map(() => client.agents.register('ipfs://mine', { ...by, salt: ofAgent }))
    const [first, second] = (await Promise.all(registrations)).map(({ agent }) => agent.id)
    expect(first).toBe(second)
    for (const _ of [1, 2]) await client.agents.stake(first ?? 0, 20n * usdc, { ...by, salt: ofStake })
    expect(await paid()).toBe(20n * usdc)
  })
})

it('a run that another wallet holds is named with that wallet', async () => {
  const runId = await runs.runIn('CLAIMED')
  await market.indexed()
  const refusal = await clientOf(poster)
    .runs.submit(runId, 'ipfs://work', { via: 'relay', signer: poster })
    .catch((error: unknown) => error)
  expect(isProblem(refusal, 'SIGNER_MISMATCH') && refusal.problem.detail).toBe(
    `${poster.address} has not claimed run ${runId}; ${runs.agent.wallet.address} has.`,
  )
})

describe('answers', () => {
  it('say of which block they are, and a refusal which request it answers', async () => {
    const runId = await runs.runIn('OPEN')
    await market.indexed()
    const { runs: read } = reader()
    const run = await read.get(runId)
    const blockNumber = BigInt(headersOf(run)?.get('X-Indexed-Block') ?? 0)
    const { hash } = await market.client.getBlock({ blockNumber })
    expect(headersOf(run)?.get('X-Indexed-Hash')).toBe(hash)
    expect(headersOf({ ...run })).toBeUndefined()
    const refusal = await read.get(999_999).catch((error: unknown) => error)
    expect(isProblem(refusal, 'RUN_NOT_FOUND') && refusal.headers.get('X-Request-Id')).toMatch(/\S/)
  })

  it('end with the reason of the signal: an action’s message, a claim’s, and a wait between', async () => {
    const stop = new AbortController()
    const signal = stop.signal
    const retries: Retry[] = []
    const client = createRunlineClient({
      url: 'http://127.0.0.1:1',
      market: { chainId: market.chainId, address: market.market.address },
      onRetry: (retry) => {
        retries.push(retry)
        stop.abort(new Error('stopped by the test'))
      },
    })
    const signer = runs.agent.wallet
    await expect(client.runs.start(1, { via: 'relay', signer, signal })).rejects.toThrow('stopped by the test')
    await expect(client.runs.claim(1, { agentId: 1, signer, signal })).rejects.toThrow('stopped by the test')
    expect(retries).toEqual([
      {
        request: `GET http://127.0.0.1:1/api/messages/start?runId=1&signer=${signer.address}`,
        reason: expect.stringMatching(/./),
        seconds: 1,
      },
    ])
    const waiting = new AbortController()
    const called = createRunlineClient({
      url: 'http://127.0.0.1:1',
      onRetry: () => waiting.abort(new Error('stopped while it waits')),
    }).runs.slash(1, { via: 'relay', signal: waiting.signal })
    await expect(called).rejects.toThrow('stopped while it waits')
  })
})

it('the states of actions and the records of posters can be read', async () => {
  const runId = await runs.runIn('CLAIMED')
  await market.indexed()
  const client = createRunlineClient({
    url: market.api.url,
    market: { chainId: market.chainId, address: market.market.address },
  })
  const { actionId } = await client.runs.start(runId, { via: 'relay', signer: runs.agent.wallet })
  expect(await client.actions.get(actionId)).toMatchObject({ action: 'start', bountyId: Number(runId), state: 'mined' })
  const { address } = accountOf(roles.deployer)
  expect(await client.posters.get(address)).toMatchObject({ address })
})

it('what anyone may ask for is made by the API without a signer, or by the wallet', async () => {
  const { wallet } = runs.agent
  const inStates = ['SUBMITTED', 'OPEN', 'CLAIMED', 'REVISION_REQUESTED'] as const
  const ids: bigint[] = []
  for (const state of [...inStates, ...inStates]) ids.push(await runs.runIn(state))
  const [reviewed = 0n, unclaimed = 0n, abandoned = 0n, revised = 0n, ...others] = ids
  await market.indexed()
  const anyone = reader().runs
  const early = await anyone.finalize(reviewed, open).catch((error: unknown) => error)
  expect(isProblem(early, 'TOO_EARLY')).toBe(true)
  await runs.people.mined(() => market.usdc.write.blacklist([wallet.address]))
  // Work periods, reviews and grace periods have seven days each.
  await market.client.increaseTime({ seconds: 15 * 86_400 })
  await market.client.mine({ blocks: 1 })
  await market.indexed()
  const made = [
    await anyone.finalize(reviewed, open),
    await anyone.expire(unclaimed, open),
    await anyone.slash(abandoned, open),
    await anyone.rejectOverdue(revised, open),
  ]
  // The deadline of the runs has passed, so that a lost claim opens none again.
  const states = ['APPROVED', 'DRAFT', 'DRAFT', 'REJECTED']
  expect(made.map(({ run }) => run.state)).toEqual(states)
  const client = clientOf(poster)
  const [second = 0n, third = 0n, fourth = 0n, fifth = 0n] = others
  await client.runs.finalize(second)
  await client.runs.expire(third)
  await client.runs.slash(fourth)
  const { blockNumber } = await client.runs.rejectOverdue(fifth)
  const after = await Promise.all(others.map((id) => client.runs.get(id, { minBlock: blockNumber })))
  expect(after.map(({ state }) => state)).toEqual(states)

  await runs.people.mined(() => market.usdc.write.unBlacklist([wallet.address]))
  expect(await anyone.collect(wallet.address, open)).toMatchObject({ success: true, payee: wallet.address })
  await expect(client.runs.collect(wallet.address)).rejects.toThrow('NothingOwed')
}, 60_000)
