import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Address, bytesToHex, encodeFunctionData, type Hex, type LocalAccount, zeroAddress } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  type AccountMessage,
  accountDigest,
  accountMessage,
  accountTypedData,
} from '../../../core/market/accountActions.ts'
import { readBounty } from '../../../src/api/relay/chain/market.ts'
import { createContexts } from '../../../src/api/relay/contexts.ts'
import type { RelayEvents } from '../../../src/api/relay/events.ts'
import { claimInRound } from '../../../src/api/relay/kinds/claims/message.ts'
import type { ActionRequest } from '../../../src/api/relay/kinds/request.ts'
import type { Asking } from '../../../src/api/relay/pipeline/context.ts'
import { placeActions } from '../../../src/api/relay/pipeline/placing.ts'
import { Refusal } from '../../../src/api/relay/refusal.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { createPlacer } from '../../../src/api/relay/sender/placement.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { relayer, relayOn, requestOf, settingsOn, until } from '../claims/claimsOnChain.ts'
import { runsOn } from './runsInStates.ts'

/** Blocks are mined at once, or when a test mines them. */
let chain: TestChain & { databaseUrl: string }
let people: Participants
let relay: Relay
const events = new EventEmitter<RelayEvents>()
const decided: string[] = []

beforeAll(async () => {
  chain = { ...(await startTestChain({})), databaseUrl: await freshDatabase() }
  people = participantsOf(chain)
  events.on('actionDecided', ({ outcome }) => decided.push(outcome))
  // Account actions have half of the unmined transactions: more than the limit of an account.
  relay = await relayOn(chain, { events, maxUnmined: 64 })
  return async () => {
    await relay.close()
    await chain.stop()
  }
}, 60_000)

afterEach(async () => {
  await chain.client.setAutomine(true)
  decided.length = 0
})

const asked = (milliseconds = 15_000): Asking => ({
  client: 'test',
  gone: new AbortController().signal,
  until: AbortSignal.timeout(milliseconds),
})

const stranger = accountOf(5)
const newAccount = () => privateKeyToAccount(generatePrivateKey())
const salt = () => bytesToHex(crypto.getRandomValues(new Uint8Array(32)))
const pooled = async () => (await chain.client.getTxpoolStatus()).pending
const nonce = () => chain.client.getTransactionCount({ address: relayer.address })
const mine = () => chain.client.mine({ blocks: 1 })
const contracts = () => relay.readContracts()

async function accountWith(amount: bigint) {
  const account = newAccount()
  await people.mined(() => chain.usdc.write.mint([account.address, amount]))
  return account
}

async function signed(message: AccountMessage, by: LocalAccount): Promise<ActionRequest<AccountMessage>> {
  const typedData = accountTypedData(await contracts(), message)
  return { message, signature: await by.signTypedData(typedData as never) }
}

const post = async (by: LocalAccount, reward = 100n * usdc) => {
  const now = await people.now()
  const terms = { ipfsHash: 'ipfs://run', reward, deadline: now + 86_400n, workPeriod: 0n, stakePercent: 0n }
  const more = { evaluator: zeroAddress, claimant: zeroAddress, salt: salt(), validBefore: now + 500n }
  return signed(accountMessage('post', { poster: by.address, ...terms, ...more }), by)
}

const register = async (owner: LocalAccount, seconds: bigint) => {
  const deadline = (await people.now()) + seconds
  return signed(
    accountMessage('register', { owner: owner.address, agentURI: 'ipfs://agent', salt: salt(), deadline }),
    owner,
  )
}

async function unstake(agentId: bigint, signer: LocalAccount, amount: bigint) {
  const [nextNonce, now] = await Promise.all([chain.staking.read.nonceOf([agentId]), people.now()])
  const members = { agentId, signer: signer.address, amount, nonce: nextNonce, deadline: now + 600n }
  return signed(accountMessage('unstake', members), signer)
}

/** The status of the outcome, or the code of the refusal. */
async function resultOf(request: ActionRequest<AccountMessage>, milliseconds?: number) {
  try {
    return (await relay.act(request, asked(milliseconds))).status
  } catch (error) {
    if (error instanceof Refusal) return error.code
    throw error
  }
}

/** Everything up to the broadcast, as a process that is killed there. */
async function unsent(request: ActionRequest<AccountMessage>, databaseUrl: string, balance?: bigint) {
  const { sender, pipeline } = createContexts(settingsOn({ ...chain, databaseUrl }), 'killed')
  const placer = createPlacer(sender)
  const action = { actionId: accountDigest(await contracts(), request.message), request }
  const funds = balance === undefined ? undefined : { balance, block: await chain.client.getBlockNumber() }
  const candidate = { action, gas: 300_000n, agentId: undefined, fees: 0n, runsWalletCode: false, funds }
  const [placed] = await placeActions(pipeline, placer, relayer, placer.quote(relayer), [candidate])
  await sender.pool.end()
  return typeof placed === 'object' ? 'placed' : placed
}

/** Sends the only transaction of the pool from another account, at a higher price. */
async function copyFromPool() {
  const pool = await chain.client.getTxpoolContent()
  const [byNonce] = Object.values(pool.pending)
  const [own] = Object.values(byNonce ?? {})
  if (!own?.to) throw new Error('The pool is empty')
  const price = { maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 10n }
  const call = { account: stranger.address, to: own.to, data: own.input, gas: 500_000n, ...price }
  return chain.client.sendTransaction({ ...call, chain: null })
}

describe('what a stranger copies from the pool, and has mined first, is answered as made', () => {
  it('of a post', { timeout: 30_000 }, async () => {
    const poster = await accountWith(105n * usdc)
    const request = await post(poster)
    await chain.client.setAutomine(false)
    const acting = relay.act(request, asked())
    await until('sent', async () => (await pooled()) === 1)
    const copied = await copyFromPool()
    await mine()
    const outcome = await acting
    const runId = await chain.market.read.bountyCount()
    expect(outcome).toMatchObject({ status: 'done', txHash: copied, result: runId })
    // The own transaction reverted, which counts for no pause of the poster.
    expect((await chain.client.getTransactionReceipt({ hash: copied })).status).toBe('success')
    expect(await relay.find(outcome.actionId)).toMatchObject({ state: 'done', txHash: copied, result: runId })
    expect(await resultOf(request)).toBe('done')
  })

  it('of an unstake', { timeout: 30_000 }, async () => {
    const agent = await people.newAgent(accountOf(2), 30n * usdc)
    const request = await unstake(agent.id, accountOf(2), usdc)
    await chain.client.setAutomine(false)
    const acting = relay.act(request, asked())
    await until('sent', async () => (await pooled()) === 1)
    const copied = await copyFromPool()
    await mine()
    expect(await acting).toMatchObject({ status: 'done', txHash: copied, result: agent.id })
  })

  it('of an action about a run, though the run has moved on', { timeout: 30_000 }, async () => {
    const runs = await runsOn(chain)
    const runId = await runs.runIn('CLAIMED')
    const { wallet } = runs.agent
    const request = await runs.signed(await runs.messageOf('start', runId, wallet.address), wallet)
    await chain.client.setAutomine(false)
    const acting = relay.act(request, asked())
    await until('sent', async () => (await pooled()) === 1)
    const copied = await copyFromPool()
    await mine()
    expect(await acting).toMatchObject({ status: 'done', txHash: copied })
    // Another relay, which has not sent it, finds it on chain.
    const other = await relayOn({ ...chain, databaseUrl: await freshDatabase() })
    expect(await other.act(request, asked())).toMatchObject({ status: 'done', txHash: copied })
    await other.close()
  })
})

describe('pending transactions', () => {
  it('that take the USDC of a payer leave none for another post', { timeout: 30_000 }, async () => {
    const databaseUrl = await freshDatabase()
    await (await relayOn({ ...chain, databaseUrl })).close()
    const poster = await accountWith(150n * usdc)
    expect(await unsent(await post(poster), databaseUrl, 150n * usdc)).toBe('placed')
    expect(await unsent(await post(poster), databaseUrl, 150n * usdc)).toBe('locked')
    // 42 of the 45 that are left.
    expect(await unsent(await post(poster, 40n * usdc), databaseUrl, 150n * usdc)).toBe('placed')
    expect(await unsent(await post(poster, 4n * usdc), databaseUrl, 150n * usdc)).toBe('locked')
    // With what arrived since, there is room.
    expect(await unsent(await post(poster, 4n * usdc), databaseUrl, 152n * usdc)).toBe('placed')
  })

  /** A database with the relay's schema, and what stores claims in it that lock 10 USDC each, unsent. */
  async function unsentClaims() {
    const databaseUrl = await freshDatabase()
    await (await relayOn({ ...chain, databaseUrl })).close()
    const { sender, pipeline } = createContexts(settingsOn({ ...chain, databaseUrl }), 'killed')
    const placer = createPlacer(sender)

    /** @param staked of the agent, at the latest block. */
    async function claim(agent: Agent, staked: bigint) {
      const request = requestOf(await people.openRun(), agent)
      const bounty = await readBounty(pipeline.market, request.message.bountyId)
      const action = claimInRound(pipeline.market, request, 1n, bounty)
      const block = await chain.client.getBlockNumber()
      const lock = { amount: 10n * usdc, staked, unlocked: staked, completions: 0n, block }
      const examined = { agentId: agent.id, runsWalletCode: false, poster: people.poster }
      const candidate = { ...examined, action, gas: 100_000n, lock, fees: 0n }
      const [placed] = await placeActions(pipeline, placer, relayer, placer.quote(relayer), [candidate])
      return typeof placed === 'object' ? 'placed' : placed
    }
    return { databaseUrl, claim, close: () => sender.pool.end() }
  }

  it('that take stake out of an agent leave it to none of its claims', { timeout: 30_000 }, async () => {
    const { databaseUrl, claim, close } = await unsentClaims()
    const agent = await people.newAgent(accountOf(3), 50n * usdc)
    expect(await unsent(await unstake(agent.id, agent.wallet, 15n * usdc), databaseUrl)).toBe('placed')
    const claims = []
    for (let count = 0; count < 4; count++) claims.push(await claim(agent, 50n * usdc))
    expect(claims).toEqual(['placed', 'placed', 'placed', 'locked'])
    await close()
  })

  it('that would leave an agent less than the minimum back no claim', { timeout: 30_000 }, async () => {
    const { databaseUrl, claim, close } = await unsentClaims()
    const agent = await people.newAgent(accountOf(4), 30n * usdc)
    expect(await unsent(await unstake(agent.id, agent.wallet, 11n * usdc), databaseUrl)).toBe('placed')
    expect(await claim(agent, 30n * usdc)).toBe('locked')
    await close()
  })

  it('that claim for an agent are decided before its stake leaves', { timeout: 30_000 }, async () => {
    const { databaseUrl, claim, close } = await unsentClaims()
    const agent = await people.newAgent(accountOf(6), 50n * usdc)
    expect(await claim(agent, 50n * usdc)).toBe('placed')
    expect(await unsent(await unstake(agent.id, agent.wallet, usdc), databaseUrl)).toBe('locked')
    await close()
  })
})

describe('a registration that is stored when its process ends', () => {
  it('is sent by the next process, once', { timeout: 40_000 }, async () => {
    const owner = newAccount()
    const request = await register(owner, 600n)
    const before = await nonce()
    expect(await unsent(request, chain.databaseUrl)).toBe('placed')
    expect(await resultOf(request)).toBe('done')
    expect([await nonce(), await chain.registry.read.balanceOf([owner.address])]).toEqual([before + 1, 1n])
  })

  it('is not sent after its deadline', { timeout: 40_000 }, async () => {
    const own = { ...chain, databaseUrl: await freshDatabase() }
    await (await relayOn(own)).close()
    const owner = newAccount()
    const request = await register(owner, 60n)
    const before = await nonce()
    expect(await unsent(request, own.databaseUrl)).toBe('placed')
    await chain.client.increaseTime({ seconds: 120 })
    await mine()
    const next = await relayOn(own)
    const actionId = accountDigest(await contracts(), request.message)
    await until('refused', async () => (await next.find(actionId))?.state === 'refused')
    expect((await next.find(actionId))?.problem?.code).toBe('SIGNATURE_EXPIRED')
    // A filler has used the nonce.
    await until('filled', async () => (await nonce()) === before + 1)
    expect(await chain.registry.read.balanceOf([owner.address])).toBe(0n)
    await next.close()
  })
})

describe('a registration whose nonce an unknown transaction has used', () => {
  const registered = (owner: LocalAccount) => chain.registry.read.balanceOf([owner.address])

  /** Stores the registration with the signer's next nonce, and has this call use the nonce. */
  async function overtaken(
    request: ActionRequest<AccountMessage>,
    databaseUrl: string,
    call: { to: Address; data?: Hex },
  ) {
    expect(await unsent(request, databaseUrl)).toBe('placed')
    return people.mined(() => chain.client.sendTransaction({ ...call, account: relayer.address, chain: null }))
  }

  it('is made if that transaction was its own, and is made by another one if it was not', {
    timeout: 60_000,
  }, async () => {
    const [lost, second] = [newAccount(), newAccount()]
    const chainOfOwn = { ...chain, databaseUrl: await freshDatabase() }
    const { databaseUrl } = chainOfOwn
    const earlier = await register(second, 600n)
    const before = await relayOn(chainOfOwn)
    const made = await before.act(earlier, asked())
    expect(made.status).toBe('done')
    await before.close()
    const first = await register(lost, 600n)
    const own = await overtaken(first, databaseUrl, {
      to: chain.registry.address,
      data: encodeFunctionData({
        abi: chain.registry.abi,
        functionName: 'registerFor',
        args: [lost.address, 'ipfs://agent'],
      }),
    })
    // The owner has an agent with the same URI, by another message.
    const again = await register(second, 600n)
    await overtaken(again, databaseUrl, { to: stranger.address })
    const next = await relayOn(chainOfOwn)
    const outcomes = await Promise.all([first, again].map((request) => next.act(request, asked(40_000))))
    await next.close()
    expect(outcomes[0]).toMatchObject({ status: 'done', txHash: own.transactionHash })
    expect(await registered(lost)).toBe(1n)
    expect(outcomes[1]?.status).toBe('done')
    expect(outcomes[1]?.txHash).not.toBe(made.txHash)
    expect(await registered(second)).toBe(2n)
  })
})

/** Agrees with every signature, and accepts tokens: both selectors have the same form. */
const AGREES: Hex = '0x60003560e01c60e01b60005260206000f3'

describe('a payer with code', () => {
  it('has eight open actions, though its key signs: USDC asks its code', { timeout: 30_000 }, async () => {
    const payer = await accountWith(1_000n * usdc)
    await chain.client.setCode({ address: payer.address, bytecode: AGREES })
    await chain.client.setAutomine(false)
    const requests = []
    for (let count = 0; count < 9; count++) requests.push(await post(payer, usdc))
    const results = requests.map((request) => resultOf(request, 20_000))
    await until('sent', async () => (await pooled()) === 8)
    await sleep(1_000)
    expect(await pooled()).toBe(8)
    await mine()
    await until('the ninth is sent', async () => (await pooled()) === 1)
    await mine()
    expect(await Promise.all(results)).toEqual(Array(9).fill('done'))
  })
})

describe('an owner with code', () => {
  /** Loops until its gas is used up. */
  const BURNS: Hex = '0x5b600056'

  it('that burns its gas in the block costs at most the limit', { timeout: 30_000 }, async () => {
    const owner = newAccount()
    await chain.client.setCode({ address: owner.address, bytecode: AGREES })
    const request = await register(owner, 600n)
    await chain.client.setAutomine(false)
    const result = resultOf(request)
    await until('sent', async () => (await pooled()) === 1)
    await chain.client.setCode({ address: owner.address, bytecode: BURNS })
    await mine()
    const block = await chain.client.getBlock({ includeTransactions: true })
    const [hash] = block.transactions.map((one) => one.hash)
    const receipt = await chain.client.getTransactionReceipt({ hash: hash as Hex })
    expect(receipt.status).toBe('reverted')
    expect(receipt.gasUsed).toBeLessThanOrEqual(560_000n)
    expect(await result).toBe('ACTION_REVERTED')
  })
})
