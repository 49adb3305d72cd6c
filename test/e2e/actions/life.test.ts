import { type Address, type Hex, type LocalAccount, parseEther, zeroAddress } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { bodyOf, type RunActionName, type RunMessage } from '../../../core/market/runActions.ts'
import { createRunlineClient } from '../../../packages/client/src/index.ts'
import type { ActionRequest } from '../../../src/api/relay/kinds/request.ts'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { defaultTerms } from '../../../tools/devnet/defaultTerms.ts'
import { sharedMarket, type TestMarket } from '../../support/market.ts'
import { type Participants, usdc } from '../../support/participants.ts'
import { claimApi, codeOf } from '../claims/claimApi.ts'
import { poster, type Runs, runsOn } from './runsInStates.ts'

let market: TestMarket
let runs: Runs
let people: Participants
let api: ReturnType<typeof claimApi>

beforeAll(async () => {
  market = await sharedMarket('unsigned')
  runs = await runsOn(market)
  people = runs.people
  api = claimApi(market.api.url)
}, 120_000)

const newAccount = () => privateKeyToAccount(generatePrivateKey())
const indexed = () => market.client.getBlockNumber({ cacheTime: 0 })

/** Asks what to sign at the chain's latest block. */
async function messageFor(action: RunActionName, runId: bigint, query = '') {
  return api.get(`/api/messages/${action}?runId=${runId}&minBlock=${await indexed()}${query}`)
}

/** Signs what the API says, and sends it where the API says. */
async function make(action: RunActionName, runId: bigint, account: LocalAccount, query = '') {
  const message = await messageFor(action, runId, query)
  expect(message.status, JSON.stringify(message.body)).toBe(200)
  const { path, body, typedData } = message.body
  return api.post(path, { ...body, signature: await account.signTypedData(typedData) })
}

/** Sends an action that was signed without asking the API. */
const send = ({ message, signature }: ActionRequest<RunMessage>) =>
  api.post(`/api/runs/${message.bountyId}/${message.action}`, { ...bodyOf(message), signature })

describe('a poster and an agent without ether', () => {
  it('live a run by signatures', { timeout: 60_000 }, async () => {
    const [owner, wallet] = [newAccount(), newAccount()]
    const agent = await people.newAgent(wallet, 0n)
    await people.fund(people.poster, market.staking.address, 20n * usdc)
    await people.mined(() => market.staking.write.stakeFor([agent.id, wallet.address, 20n * usdc]))
    await people.fund(people.poster, market.market.address, 105n * usdc)
    const deadline = (await people.now()) + 86_400n
    const terms = ['ipfs://run', 100n * usdc, deadline, defaultTerms] as const
    await people.mined(() => market.market.write.postBountyFor([owner.address, ...terms]))
    const runId = await market.market.read.bountyCount()

    const claimMessage = await api.get(
      `/api/messages/claim?runId=${runId}&agentId=${agent.id}&walletAddress=${wallet.address}&minBlock=${await indexed()}`,
    )
    const { path, body, typedData } = claimMessage.body
    const claimed = await api.post(path, { ...body, signature: await wallet.signTypedData(typedData) })
    expect(claimed.status).toBe(200)
    const claimState = await api.get(`/api/actions/${claimed.body.claimId}`)
    expect(claimState.body).toMatchObject({ action: 'claim', signer: wallet.address, state: 'mined' })

    const delivery = `&deliverableHash=${encodeURIComponent('ipfs://first try')}`
    const signer = `&signer=${owner.address}`
    const steps = [
      [await make('start', runId, wallet), 'IN_PROGRESS'],
      [await make('submit', runId, wallet, delivery), 'SUBMITTED'],
      [await make('revise', runId, owner, `${signer}&feedbackHash=ipfs://more`), 'REVISION_REQUESTED'],
      [await make('submit', runId, wallet, '&deliverableHash=ipfs://second'), 'SUBMITTED'],
      [await make('approve', runId, owner, signer), 'APPROVED'],
    ] as const
    for (const [answer, state] of steps) {
      expect(answer.status, JSON.stringify(answer.body)).toBe(200)
      expect(answer.body.run).toMatchObject({ bountyId: Number(runId), state })
      const receipt = await market.client.getTransactionReceipt({ hash: answer.body.txHash })
      expect(receipt).toMatchObject({ status: 'success', blockNumber: BigInt(answer.body.blockNumber) })
      expect(Number(answer.headers.get('X-Indexed-Block'))).toBeGreaterThanOrEqual(answer.body.blockNumber)
    }
    expect(await market.usdc.read.balanceOf([wallet.address])).toBe(100n * usdc)
    const [ofOwner, ofWallet] = await Promise.all(
      [owner, wallet].map(({ address }) => market.client.getBalance({ address })),
    )
    expect([ofOwner, ofWallet]).toEqual([0n, 0n])
  })

  it('abandon, reject and close by signatures', { timeout: 60_000 }, async () => {
    const evaluator = newAccount()
    const abandoned = await runs.runIn('IN_PROGRESS')
    expect((await make('abandon', abandoned, runs.agent.wallet)).body.run.state).toBe('OPEN')
    const rejected = await runs.runIn('SUBMITTED', evaluator.address)
    const rejection = await make('reject', rejected, evaluator, `&signer=${evaluator.address}`)
    expect(rejection.body.run.state).toBe('REJECTED')
    const open = await runs.runIn('OPEN')
    expect((await make('close', open, poster)).body.run.state).toBe('DRAFT')
    const claimed = await runs.runIn('CLAIMED')
    expect((await make('close', claimed, poster)).body.run).toMatchObject({ state: 'CLAIMED', closing: true })
  })
})

describe('accounts that send the calls of the messages by themselves', () => {
  type Message = { body: { call: Sent; calls: Sent[] } }
  type Sent = { to: Address; data: Hex; value: Hex }

  /** As a multisig does, which cannot sign in time: every call is a transaction of the account. */
  async function sendCalls(account: Address, { body: { call, calls } }: Message) {
    expect(calls.at(-1)).toEqual(call)
    for (const { to, data, value } of calls) {
      const transaction = { account, to, data, value: BigInt(value), chain: null }
      await people.mined(() => market.client.sendTransaction(transaction))
    }
  }

  async function accountWith(amount: bigint) {
    const { address } = newAccount()
    await market.client.setBalance({ address, value: parseEther('1') })
    await market.client.impersonateAccount({ address })
    await people.mined(() => market.usdc.write.mint([address, amount]))
    return address
  }

  const ask = async (action: string, query: Record<string, unknown>) => {
    const named = Object.entries({ ...query, minBlock: await indexed() }).map(([name, value]) => [name, String(value)])
    const message = await api.get(`/api/messages/${action}?${new URLSearchParams(Object.fromEntries(named))}`)
    expect(message.status, JSON.stringify(message.body)).toBe(200)
    return message
  }

  it('live a run', { timeout: 60_000 }, async () => {
    const [owner, agent] = await Promise.all([accountWith(105n * usdc), accountWith(20n * usdc)])
    const deadline = (await people.now()) + 86_400n
    await sendCalls(agent, await ask('register', { owner: agent, agentURI: 'ipfs://by call' }))
    const [{ id, agentURI }] = (await api.get(`/api/agents?owner=${agent}&minBlock=${await indexed()}`)).body.agents
    expect(agentURI).toBe('ipfs://by call')
    await sendCalls(agent, await ask('stake', { agentId: id, from: agent, amount: 20n * usdc }))
    await sendCalls(owner, await ask('post', { poster: owner, ipfsHash: 'ipfs://run', reward: 100n * usdc, deadline }))
    expect(await market.usdc.read.allowance([owner, market.market.address])).toBe(0n)
    const runId = await market.market.read.bountyCount()
    const signer = owner
    for (const [account, action, query, state] of [
      [agent, 'claim', { agentId: id, walletAddress: agent }, 'CLAIMED'],
      [agent, 'start', {}, 'IN_PROGRESS'],
      [agent, 'submit', { deliverableHash: 'ipfs://first' }, 'SUBMITTED'],
      [owner, 'revise', { signer, feedbackHash: 'ipfs://more' }, 'REVISION_REQUESTED'],
      [agent, 'submit', { deliverableHash: 'ipfs://second' }, 'SUBMITTED'],
      [owner, 'approve', { signer }, 'APPROVED'],
    ] as const) {
      await sendCalls(account, await ask(action, { runId, ...query }))
      expect((await api.get(`/api/runs/${runId}?minBlock=${await indexed()}`)).body.state).toBe(state)
    }
    await sendCalls(agent, await ask('unstake', { agentId: id, signer: agent, amount: 20n * usdc }))
    expect(await market.usdc.read.balanceOf([agent])).toBe(120n * usdc)
  })

  it('abandon, reject, close, and name who may claim', { timeout: 60_000 }, async () => {
    const evaluator = await accountWith(0n)
    const { wallet } = runs.agent
    const waiting = await people.openRun(usdc, 86_400n, people.poster)
    for (const [account, action, runId, query, state] of [
      [wallet.address, 'abandon', await runs.runIn('IN_PROGRESS'), {}, 'OPEN'],
      [evaluator, 'reject', await runs.runIn('SUBMITTED', evaluator), { signer: evaluator }, 'REJECTED'],
      [poster.address, 'close', await runs.runIn('OPEN'), {}, 'DRAFT'],
      [people.poster, 'name-claimant', waiting, { claimant: wallet.address }, 'OPEN'],
    ] as const) {
      await sendCalls(account, await ask(action, { runId, ...query }))
      const { body } = await api.get(`/api/runs/${runId}?minBlock=${await indexed()}`)
      expect(body.state).toBe(state)
    }
    const named = await api.get(`/api/runs/${waiting}?minBlock=${await indexed()}`)
    expect(named.body.claimant).toBe(wallet.address)
  })
})

describe('a poster that chooses who works', () => {
  const name = (runId: bigint, claimant: string) => make('name-claimant', runId, poster, `&claimant=${claimant}`)
  const claim = (runId: bigint) => api.claim(runId, runs.agent)

  it('names, renames and un-names a claimant before the claim', { timeout: 60_000 }, async () => {
    const { wallet } = runs.agent
    const other = newAccount().address
    const runId = await runs.runIn('RESERVED')
    expect(codeOf(await claim(runId))).toEqual([403, 'NOT_CLAIMANT'])
    for (const claimant of [wallet.address, other]) {
      const named = await name(runId, claimant)
      expect(named.status, JSON.stringify(named.body)).toBe(200)
      expect(named.body).toMatchObject({ message: 'Claimant named.', run: { state: 'OPEN', claimant } })
    }
    expect(codeOf(await claim(runId))).toEqual([403, 'NOT_CLAIMANT'])
    const unnamed = await name(runId, poster.address)
    expect(unnamed.body.run.claimant).toBe(poster.address)
    const state = await api.get(`/api/actions/${unnamed.body.actionId}`)
    expect(state.body).toMatchObject({ action: 'name-claimant', bountyId: Number(runId), round: null, state: 'mined' })
    expect((await name(runId, wallet.address)).status).toBe(200)
    expect(await claim(runId)).toMatchObject({ status: 200, body: { run: { claimedByWallet: wallet.address } } })
    const late = await messageFor('name-claimant', runId, `&claimant=${other}`)
    expect(codeOf(late)).toEqual([409, 'WRONG_STATE'])
  })

  it('opens the run to any wallet for good, and a signature names once', { timeout: 60_000 }, async () => {
    const runId = await runs.runIn('RESERVED')
    const first = await runs.signed(await runs.messageOf('name-claimant', runId, poster.address), poster)
    expect((await send(first)).body.run.claimant).toBe(runs.agent.wallet.address)
    const changed = { claimant: newAccount().address, naming: first.message.naming ?? 0n }
    const late = await runs.signed({ ...first.message, ...changed }, poster)
    const refused = await send(late)
    expect(refused).toMatchObject({ status: 409, body: { code: 'WRONG_NONCE', nonce: '1', expected: '2' } })
    expect((await name(runId, zeroAddress)).body.run.claimant).toBeNull()
    // The same signature is the same action still.
    expect(await send(first)).toMatchObject({ status: 200, body: { run: { claimant: null } } })
    expect(codeOf(await messageFor('name-claimant', runId, `&claimant=${poster.address}`))).toEqual([
      409,
      'WRONG_STATE',
    ])
    const again = await runs.signed(await runs.messageOf('name-claimant', runId, poster.address), poster)
    expect(codeOf(await send(again))).toEqual([409, 'WRONG_STATE'])
    expect((await claim(runId)).status).toBe(200)
  })
})

describe('an action', () => {
  it('is answered with its state by its id, and again by its body', { timeout: 30_000 }, async () => {
    const runId = await runs.runIn('CLAIMED')
    const request = await runs.signed(
      await runs.messageOf('start', runId, runs.agent.wallet.address),
      runs.agent.wallet,
    )
    const first = await send(request)
    expect(first.status).toBe(200)
    const state = await api.get(`/api/actions/${first.body.actionId}`)
    expect(state.body).toMatchObject({
      action: 'start',
      bountyId: Number(runId),
      round: 1,
      signer: runs.agent.wallet.address,
      state: 'mined',
      txHash: first.body.txHash,
      problem: null,
    })
    // The run moves on: the same message is the same action still, and its answer has the run as it is.
    await runs.call('submit', runId, zeroAddress)
    await market.indexed()
    const again = await send(request)
    expect(again).toMatchObject({ status: 200, body: { actionId: first.body.actionId, txHash: first.body.txHash } })
    expect(again.body.run.state).toBe('SUBMITTED')
    expect(codeOf(await api.get(`/api/actions/0x${'12'.repeat(32)}`))).toEqual([404, 'ACTION_NOT_FOUND'])
  })

  it('continues without its request, which gets its state', { timeout: 30_000 }, async () => {
    const runId = await runs.runIn('CLAIMED')
    const message = await runs.messageOf('start', runId, runs.agent.wallet.address)
    const { signature } = await runs.signed(message, runs.agent.wallet)
    const answer = await api.post(`/api/runs/${runId}/start`, { ...bodyOf(message), signature }, { Prefer: 'wait=0' })
    expect([202, 503]).toContain(answer.status)
    if (answer.status === 202) expect(answer.headers.get('Location')).toBe(`/api/actions/${answer.body.actionId}`)
    const sent = await send({ message, signature })
    expect(sent.status).toBe(200)
  })

  it('of two requests at once with one signature is sent once', { timeout: 30_000 }, async () => {
    const runId = await runs.runIn('CLAIMED')
    const message = await runs.messageOf('submit', runId, runs.agent.wallet.address)
    const request = await runs.signed(message, runs.agent.wallet)
    const before = await market.client.getTransactionCount({ address: accountOf(roles.relayer).address })
    const answers = await Promise.all([send(request), send(request), send(request), send(request)])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(new Set(answers.map(({ body }) => body.txHash)).size).toBe(1)
    expect(await market.client.getTransactionCount({ address: accountOf(roles.relayer).address })).toBe(before + 1)
  })
})

describe('a server with RELAY_ACTIONS', () => {
  it('relays those only, and refuses the others before anything is signed', { timeout: 60_000 }, async () => {
    const some = await startApi({
      ...market,
      port: 0,
      relayerKey: keyOf(roles.relayer),
      env: { RELAY_ACTIONS: 'start' },
    })
    onTestFinished(some.stop)
    const { wallet } = runs.agent
    const runId = await runs.runIn('CLAIMED')
    const post = async (action: RunActionName) => {
      const request = await runs.signed(await runs.messageOf(action, runId, wallet.address), wallet)
      const body = { ...bodyOf(request.message), signature: request.signature }
      return claimApi(some.url).post(`/api/runs/${runId}/${action}`, body)
    }
    const refused = await post('submit')
    expect(codeOf(refused)).toEqual([503, 'RELAY_UNAVAILABLE'])
    expect(refused.headers.has('Retry-After')).toBe(false)
    for (const [action, query] of Object.entries({ submit: '&deliverableHash=ipfs://work', abandon: '', close: '' })) {
      const message = await claimApi(some.url).get(`/api/messages/${action}?runId=${runId}${query}`)
      expect([codeOf(message), message.body.detail]).toEqual([
        [503, 'RELAY_UNAVAILABLE'],
        `This server does not relay ${action}.`,
      ])
      expect(message.headers.has('Retry-After')).toBe(false)
    }
    const start = performance.now()
    const { chainId } = market
    const client = createRunlineClient({ url: some.url, market: { chainId, address: market.market.address } })
    const signer = { address: wallet.address, signTypedData: () => Promise.reject(new Error('It signed.')) }
    const by = { via: 'relay', signer, timeoutSeconds: 60 } as const
    await expect(client.runs.submit(runId, 'ipfs://work', by)).rejects.toThrow('does not relay submit.')
    await expect(client.runs.collect(wallet.address, by)).rejects.toThrow('does not relay collect.')
    expect(performance.now() - start).toBeLessThan(5_000)
    expect((await post('start')).status).toBe(200)
  })
})
