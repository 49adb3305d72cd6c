import { bytesToHex, concatHex, type Hex, hexToBytes, type LocalAccount, padHex, zeroAddress } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type AccountMessage, accountMessage, accountTypedData } from '../../../core/market/accountActions.ts'
import type { RunActionName, RunMessage } from '../../../core/market/runActions.ts'
import type { Asking } from '../../../src/api/relay/pipeline/context.ts'
import { Refusal } from '../../../src/api/relay/refusal.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { invertingForwarder } from '../../support/bytecode.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { poster, type Runs, runsOn, type Situation } from '../actions/runsInStates.ts'
import { contextOf, relayOn, signedRequestOf, until } from '../claims/claimsOnChain.ts'

/** Blocks are mined at once, or when a test mines them. */
let chain: TestChain & { databaseUrl: string }
let people: Participants
let runs: Runs
let relay: Relay

const forwarder = '0x00000000000000000000000000000000000f0f0f'
const attacker = accountOf(5)

beforeAll(async () => {
  chain = { ...(await startTestChain({})), databaseUrl: await freshDatabase() }
  people = participantsOf(chain)
  runs = await runsOn(chain)
  await chain.client.setCode({ address: forwarder, bytecode: invertingForwarder })
  relay = await relayOn(chain)
  return async () => {
    await relay.close()
    await chain.stop()
  }
}, 60_000)

afterEach(() => chain.client.setAutomine(true))

const asked = (): Asking => ({
  client: 'test',
  gone: new AbortController().signal,
  until: AbortSignal.timeout(15_000),
})

const invert = (data: Hex): Hex => bytesToHex(hexToBytes(data).map((byte) => byte ^ 0xff))

const gasOf = async (hash: Hex) => (await chain.client.getTransactionReceipt({ hash })).gasUsed

/** Takes the relay's transaction from the pool, and has the forwarder make it first. @returns both. */
async function frontRun() {
  await until('sent', async () => (await chain.client.getTxpoolStatus()).pending === 1)
  const { pending } = await chain.client.getTxpoolContent()
  const [own] = Object.values(Object.values(pending)[0] ?? {})
  if (!own?.to) throw new Error('The pool is empty')
  const data = concatHex([padHex(own.to, { size: 32 }), invert(own.input)])
  const price = { maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 10n }
  const call = { account: attacker.address, to: forwarder, data, gas: 900_000n, ...price } as const
  const hash = await chain.client.sendTransaction({ ...call, chain: null })
  await chain.client.mine({ blocks: 1 })
  expect((await chain.client.getTransactionReceipt({ hash })).status).toBe('success')
  return { txHash: hash, reverted: own.hash }
}

/** The outcome of what the relay sends, and the transaction of the forwarder that was mined before it. */
async function overtaken<Outcome>(act: () => Promise<Outcome>) {
  await chain.client.setAutomine(false)
  const acting = act()
  const transactions = await frontRun()
  const outcome = await acting
  await chain.client.setAutomine(true)
  return { outcome, ...transactions }
}

async function signed<Signed extends AccountMessage>(message: Signed, by: LocalAccount) {
  const typedData = accountTypedData(await relay.readContracts(), message)
  return { message, signature: await by.signTypedData(typedData as never) }
}

async function unstakeOf(agentId: bigint, by: LocalAccount, amount: bigint) {
  const [nonce, now] = await Promise.all([chain.staking.read.nonceOf([agentId]), people.now()])
  const members = { agentId, signer: by.address, amount, nonce, deadline: now + 600n }
  return signed(accountMessage('unstake', members), by)
}

const salt = () => bytesToHex(crypto.getRandomValues(new Uint8Array(32)))

async function payer() {
  const account = privateKeyToAccount(generatePrivateKey())
  await people.mined(() => chain.usdc.write.mint([account.address, 1_000n * usdc]))
  return account
}

const codeOf = (error: unknown) => {
  if (error instanceof Refusal) return error.code
  throw error
}

describe('what a forwarder that hides the signature has made before the relay, is answered as made', () => {
  it('of four withdrawals, and their agent is not paused', { timeout: 60_000 }, async () => {
    const agent = await people.newAgent(accountOf(3), 50n * usdc)
    const gas = { attacker: 0n, relayer: 0n }
    for (let count = 0; count < 4; count++) {
      const request = await unstakeOf(agent.id, agent.wallet, usdc)
      const { outcome, txHash, reverted } = await overtaken(() => relay.act(request, asked()))
      expect(outcome).toMatchObject({ status: 'done', txHash, result: agent.id })
      gas.attacker += await gasOf(txHash)
      gas.relayer += await gasOf(reverted)
    }
    console.log('gas of four withdrawals that a forwarder makes before the relay:', gas)
    expect(gas.attacker).toBeGreaterThan(gas.relayer)
    const last = await unstakeOf(agent.id, agent.wallet, usdc)
    expect(await relay.act(last, asked())).toMatchObject({ status: 'done' })
  })

  it('of a post and a stake', { timeout: 30_000 }, async () => {
    const by = await payer()
    const now = await people.now()
    const terms = { ipfsHash: 'ipfs://run', reward: usdc, deadline: now + 86_400n, workPeriod: 0n, stakePercent: 0n }
    const more = { evaluator: zeroAddress, claimant: zeroAddress, salt: salt(), validBefore: now + 500n }
    const post = await signed(accountMessage('post', { poster: by.address, ...terms, ...more }), by)
    const posted = await overtaken(() => relay.act(post, asked()))
    const result = await chain.market.read.bountyCount()
    expect(posted.outcome).toMatchObject({ status: 'done', txHash: posted.txHash, result })
    const { agent } = runs
    const members = { agentId: agent.id, from: by.address, owner: agent.wallet.address, amount: usdc }
    const stake = await signed(accountMessage('stake', { ...members, salt: salt(), validBefore: now + 500n }), by)
    const staked = await overtaken(() => relay.act(stake, asked()))
    expect(staked.outcome).toMatchObject({ status: 'done', txHash: staked.txHash, result: agent.id })
  })

  it('of a claim', { timeout: 30_000 }, async () => {
    const agent = await people.newAgent(accountOf(4), 50n * usdc)
    for (let count = 0; count < 4; count++) {
      const request = await signedRequestOf(people, await people.openRun(usdc), agent)
      const claim = () => relay.act(request, contextOf(AbortSignal.timeout(15_000)))
      expect((await overtaken(claim)).outcome).toMatchObject({ status: 'done' })
    }
  })

  it.each<[RunActionName, Situation, Partial<RunMessage>?]>([
    ['start', 'CLAIMED'],
    ['submit', 'IN_PROGRESS'],
    ['submit', 'REVISION_REQUESTED'],
    ['abandon', 'CLAIMED'],
    ['abandon', 'REVISION_REQUESTED'],
    ['approve', 'SUBMITTED'],
    ['approve', 'REVISION_REQUESTED', { revision: 0n }],
    ['revise', 'SUBMITTED'],
    ['reject', 'LAST_SUBMITTED'],
    ['close', 'OPEN'],
    ['close', 'CLAIMED'],
  ])('of %s in %s, by every relay', { timeout: 30_000 }, async (action, situation, changes) => {
    const runId = await runs.runIn(situation)
    const party = ['start', 'submit', 'abandon'].includes(action) ? runs.agent.wallet : poster
    const request = await runs.signed(await runs.messageOf(action, runId, party.address, changes), party)
    const { outcome, txHash } = await overtaken(() => relay.act(request, asked()))
    expect(outcome).toMatchObject({ status: 'done', txHash })
    const other = await relayOn({ ...chain, databaseUrl: await freshDatabase() })
    expect(await other.act(request, asked())).toMatchObject({ status: 'done', txHash })
    await other.close()
  })
})

describe('what the chain shows as another action is not answered as made', () => {
  it.each<[RunActionName, Situation, 'poster' | 'wallet', (runId: bigint) => Promise<unknown>]>([
    [
      'submit',
      'CLAIMED',
      'wallet',
      (runId) => chain.market.write.submitWork([runId, 'ipfs://other'], { account: runs.agent.wallet.address }),
    ],
    [
      'revise',
      'SUBMITTED',
      'poster',
      (runId) => chain.market.write.requestRevision([runId, 'ipfs://other'], { account: poster.address }),
    ],
    [
      'reject',
      'LAST_SUBMITTED',
      'poster',
      (runId) => chain.market.write.approveWork([runId, 3], { account: poster.address }),
    ],
    ['start', 'CLAIMED', 'wallet', (runId) => runs.call('abandon', runId, zeroAddress)],
  ])('%s in %s', { timeout: 30_000 }, async (action, situation, by, make) => {
    const runId = await runs.runIn(situation)
    const party = by === 'wallet' ? runs.agent.wallet : poster
    const request = await runs.signed(await runs.messageOf(action, runId, party.address), party)
    await make(runId)
    await expect(relay.act(request, asked())).rejects.toMatchObject({ code: 'WRONG_STATE' })
  })

  it('a start of an earlier round, though the run was started in this one', { timeout: 30_000 }, async () => {
    const runId = await runs.runIn('CLAIMED')
    const { wallet } = runs.agent
    const request = await runs.signed(await runs.messageOf('start', runId, wallet.address), wallet)
    for (const step of ['abandon', 'claim', 'start'] as const) await runs.call(step, runId, zeroAddress)
    expect(await relay.act(request, asked()).catch(codeOf)).toBe('WRONG_STATE')
  })

  it('a close of a run that was closed and funded again', { timeout: 30_000 }, async () => {
    const runId = await runs.runIn('OPEN')
    const request = await runs.signed(await runs.messageOf('close', runId, poster.address), poster)
    await runs.call('close', runId, zeroAddress)
    await people.fund(poster.address, chain.market.address, 11n * usdc)
    await people.mined(() => chain.market.write.fundBounty([runId], { account: poster.address }))
    for (const step of ['claim', 'submit'] as const) await runs.call(step, runId, zeroAddress)
    expect(await relay.act(request, asked()).catch(codeOf)).toBe('WRONG_STATE')
  })

  it('claims of a round that a rival has claimed and abandoned, and none pauses their agent', async () => {
    const [agent, rival] = [
      await people.newAgent(accountOf(7), 50n * usdc),
      await people.newAgent(accountOf(8), 50n * usdc),
    ]
    const by = {
      account: rival.wallet.address,
      gas: 400_000n,
      maxFeePerGas: 10n ** 11n,
      maxPriorityFeePerGas: 10n ** 10n,
    }
    for (let count = 0; count < 4; count++) {
      const runId = await people.openRun(usdc)
      const request = await signedRequestOf(people, runId, agent)
      await chain.client.setAutomine(false)
      const acting = relay.act(request, contextOf(AbortSignal.timeout(15_000))).catch(codeOf)
      await until('sent', async () => (await chain.client.getTxpoolStatus()).pending === 1)
      await chain.market.write.claimBounty([runId, rival.id], by)
      await chain.market.write.abandonClaim([runId], by)
      await chain.client.mine({ blocks: 1 })
      expect(await acting).toBe('INVALID_SIGNATURE')
      await chain.client.setAutomine(true)
    }
  })

  it('withdrawals of another amount or of no signature, and none pauses their agent', { timeout: 60_000 }, async () => {
    const agent = await people.newAgent(accountOf(6), 50n * usdc)
    for (let count = 0; count < 4; count++) {
      const request = await unstakeOf(agent.id, agent.wallet, 2n * usdc)
      const rival = await unstakeOf(agent.id, agent.wallet, usdc)
      const direct = { account: agent.wallet.address }
      await people.mined(() => chain.staking.write.unstake([agent.id, 2n * usdc], direct))
      await chain.client.setAutomine(false)
      const acting = relay.act(request, asked()).catch(codeOf)
      await until('sent', async () => (await chain.client.getTxpoolStatus()).pending === 1)
      const { amount, signer, nonce, deadline } = rival.message.members
      const args = [agent.id, amount, signer, nonce, deadline, rival.signature] as const
      const price = { maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 10n, gas: 400_000n }
      await chain.staking.write.unstakeWithSig(args, { account: attacker.address, ...price })
      await chain.client.mine({ blocks: 1 })
      expect(await acting).toBe('WRONG_NONCE')
      await chain.client.setAutomine(true)
    }
  })
})
