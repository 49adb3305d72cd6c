import { bytesToHex, type LocalAccount, parseEther, zeroAddress } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { beforeAll, expect, it } from 'vitest'
import { type AccountMessage, accountMessage, accountTypedData } from '../../../core/market/accountActions.ts'
import { openRunCall } from '../../../core/market/openCalls.ts'
import type { RunActionName } from '../../../core/market/runActions.ts'
import type { RelaySettings } from '../../../src/api/relay/contexts.ts'
import type { ActionOutcome } from '../../../src/api/relay/events.ts'
import { UNSIGNED } from '../../../src/api/relay/kinds/request.ts'
import type { Asking } from '../../../src/api/relay/pipeline/context.ts'
import { Refusal } from '../../../src/api/relay/refusal.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Participants, usdc } from '../../support/participants.ts'
import { poster, type Runs, runsOn, type Situation } from '../actions/runsInStates.ts'
import { relayOn, resultOf, signedRequestOf } from '../claims/claimsOnChain.ts'

let chain: TestChain
let runs: Runs
let people: Participants

beforeAll(async () => {
  chain = await startTestChain({})
  runs = await runsOn(chain)
  people = runs.people
  return chain.stop
}, 60_000)

/** A relay with a database of its own. */
const startRelay = async (options: Partial<RelaySettings> = {}) =>
  relayOn({ ...chain, databaseUrl: await freshDatabase() }, options)

const asked = (): Asking => ({
  client: 'test',
  gone: new AbortController().signal,
  until: AbortSignal.timeout(10_000),
})
const newAccount = () => privateKeyToAccount(generatePrivateKey())
const salt = () => bytesToHex(crypto.getRandomValues(new Uint8Array(32)))

/** The gas that the relayer has paid, or the code of the refusal. */
async function gasOf(acting: Promise<ActionOutcome>): Promise<bigint | string> {
  try {
    const { txHash } = await acting
    return (await chain.client.getTransactionReceipt({ hash: txHash ?? '0x' })).gasUsed
  } catch (error) {
    if (error instanceof Refusal) return error.code
    throw error
  }
}

async function act(relay: Relay, message: AccountMessage, by: LocalAccount) {
  const typedData = accountTypedData(await relay.readContracts(), message)
  return gasOf(relay.act({ message, signature: await by.signTypedData(typedData as never) }, asked()))
}

const register = async (relay: Relay, owner = newAccount(), agentURI = 'ipfs://agent') => {
  const deadline = (await people.now()) + 600n
  return act(relay, accountMessage('register', { owner: owner.address, agentURI, salt: salt(), deadline }), owner)
}

async function post(relay: Relay, by: LocalAccount, reward = usdc, ipfsHash = 'ipfs://run') {
  const now = await people.now()
  const terms = { ipfsHash, reward, deadline: now + 86_400n, workPeriod: 0n, stakePercent: 0n }
  const more = { evaluator: zeroAddress, claimant: zeroAddress, salt: salt(), validBefore: now + 500n }
  return act(relay, accountMessage('post', { poster: by.address, ...terms, ...more }), by)
}

async function actOnRun(relay: Relay, action: RunActionName, runId: bigint, by: LocalAccount) {
  return gasOf(relay.act(await runs.signed(await runs.messageOf(action, runId, by.address), by), asked()))
}

it('a signed action costs the relayer at most what docs/threat-model.md says', { timeout: 60_000 }, async () => {
  const relay = await startRelay()
  const evaluator = accountOf(3)
  const { wallet } = runs.agent
  const table: [RunActionName, Situation, LocalAccount, bigint][] = [
    ['start', 'CLAIMED', wallet, 40_000n],
    ['submit', 'IN_PROGRESS', wallet, 45_000n],
    ['abandon', 'CLAIMED', wallet, 120_000n],
    ['approve', 'SUBMITTED', poster, 120_000n],
    ['revise', 'SUBMITTED', poster, 50_000n],
    ['reject', 'LAST_SUBMITTED', poster, 120_000n],
    ['close', 'OPEN', poster, 80_000n],
    ['close', 'CLAIMED', poster, 65_000n],
  ]
  const gas: string[] = []
  for (const [action, situation, by, most] of table) {
    const used = await actOnRun(relay, action, await runs.runIn(situation), by)
    gas.push(`${action} ${used}`)
    expect.soft(used, action).toBeLessThanOrEqual(most)
  }
  const rejected = await actOnRun(relay, 'reject', await runs.runIn('SUBMITTED', evaluator.address), evaluator)
  console.log(`gas of the relayer: ${gas.join(', ')}, reject by an evaluator ${rejected}`)
  await relay.close()
})

it('a party that uses up its share of the budget is refused, and uses up no share of the other party', {
  timeout: 120_000,
}, async () => {
  const all = 1_000_000n
  const others = { newcomers: all, posts: all, registrations: all, anyone: all, perUsdc: 0n }
  const shares = { wallet: 10n, agent: all, poster: 10n, ...others }
  const relay = await startRelay({ shares, dailyBudget: parseEther('1') })
  const answers: unknown[] = []
  let runId = 0n
  while (answers.length < 40 && typeof answers.at(-1) !== 'string') {
    runId = await runs.runIn('CLAIMED')
    answers.push(await actOnRun(relay, 'start', runId, runs.agent.wallet))
  }
  expect(answers.at(-1)).toBe('RATE_LIMITED')
  // A share has room for three of the most expensive actions, of 250,000 gas each.
  const spent = answers.slice(0, -1).reduce<bigint>((sum, gas) => sum + (gas as bigint), 0n)
  expect(spent).toBeLessThanOrEqual(750_000n)
  expect(answers.length).toBeGreaterThan(3)
  expect(await actOnRun(relay, 'close', runId, poster)).toBeTypeOf('bigint')
  await relay.close()
})

it('an account’s action, and a call for anyone, cost the relayer at most what docs/threat-model.md says', {
  timeout: 90_000,
}, async () => {
  const relay = await startRelay()
  const account = newAccount()
  await people.mined(() => chain.usdc.write.mint([account.address, 200n * usdc]))
  const staker = await people.newAgent(account, 0n)
  const now = await people.now()
  const stake = accountMessage('stake', {
    agentId: staker.id,
    from: account.address,
    owner: account.address,
    amount: 30n * usdc,
    salt: salt(),
    validBefore: now + 500n,
  })
  const unstake = accountMessage('unstake', {
    agentId: staker.id,
    signer: account.address,
    amount: usdc,
    nonce: 0n,
    deadline: now + 600n,
  })
  const used = {
    post: await post(relay, account),
    'post of a long text': await post(relay, account, usdc, 'x'.repeat(128)),
    register: await register(relay),
    'register with 256 bytes': await register(relay, newAccount(), 'x'.repeat(256)),
    stake: await act(relay, stake, account),
    unstake: await act(relay, unstake, account),
  }
  const situations = { finalize: 'SUBMITTED', expire: 'OPEN', slash: 'CLAIMED', 'reject-overdue': 'REVISION_REQUESTED' }
  const ids = new Map<string, bigint>()
  for (const [name, situation] of Object.entries(situations)) ids.set(name, await runs.runIn(situation as Situation))
  await chain.client.increaseTime({ seconds: 15 * 86_400 })
  await chain.client.mine({ blocks: 1 })
  const open: Record<string, bigint | string> = {}
  for (const [name, runId] of ids) {
    open[name] = await gasOf(relay.act({ message: openRunCall(name as 'slash', runId), signature: UNSIGNED }, asked()))
  }
  console.log('gas of the relayer:', { ...used, ...open })
  const most: Record<string, bigint> = {
    post: 230_000n,
    'post of a long text': 230_000n,
    register: 220_000n,
    'register with 256 bytes': 420_000n,
    stake: 170_000n,
    unstake: 110_000n,
    finalize: 140_000n,
    expire: 90_000n,
    slash: 150_000n,
    'reject-overdue': 150_000n,
  }
  for (const [name, gas] of Object.entries({ ...used, ...open })) {
    expect.soft(gas, name).toBeTypeOf('bigint')
    expect.soft(gas, name).toBeLessThanOrEqual(most[name] ?? 0n)
  }
  await relay.close()
})

it('posts and registrations use up their own shares, and leave claims theirs', { timeout: 120_000 }, async () => {
  const all = 1_000_000n
  const least = { posts: 0n, registrations: 0n, anyone: 0n }
  const shares = { wallet: all, agent: all, poster: all, newcomers: all, ...least, perUsdc: 0n }
  const relay = await startRelay({ shares, dailyBudget: parseEther('1') })
  /** Repeats it until it is refused. @returns the gas of the relayer. */
  async function drain(repeat: () => Promise<bigint | string>): Promise<bigint> {
    for (let gas = 0n, count = 0; count < 60; count++) {
      const one = await repeat()
      if (typeof one === 'string') {
        expect(one).toBe('RELAY_UNAVAILABLE')
        return gas
      }
      gas += one
    }
    throw new Error('It was not refused')
  }
  const poster = newAccount()
  await people.mined(() => chain.usdc.write.mint([poster.address, 1_000n * usdc]))
  // A share has room for three of the most expensive actions, of 560,000 gas each.
  const most = 3n * 560_000n
  const gas = { posts: await drain(() => post(relay, poster)), registrations: await drain(() => register(relay)) }
  console.log('gas of the relayer until the shares of posts and of registrations are used up:', gas)
  expect(gas.posts).toBeLessThanOrEqual(most)
  expect(gas.registrations).toBeLessThanOrEqual(most)
  const agent = await people.newAgent(accountOf(7), 20n * usdc)
  const claim = await signedRequestOf(people, await people.openRun(), agent)
  expect(await resultOf(relay, claim)).toBe('done')
  await relay.close()
})

it('a run with less than the least reward is not posted', { timeout: 30_000 }, async () => {
  const relay = await startRelay({ leastPost: 5n * usdc })
  const poster = newAccount()
  await people.mined(() => chain.usdc.write.mint([poster.address, 100n * usdc]))
  expect(await post(relay, poster, 5n * usdc - 1n)).toBe('REWARD_TOO_LOW')
  expect(await post(relay, poster, 5n * usdc)).toBeTypeOf('bigint')
  await relay.close()
})
