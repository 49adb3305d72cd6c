import { EventEmitter } from 'node:events'
import type { Hex, LocalAccount } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type RunActionName, type RunMessage, runDigest } from '../../../core/market/runActions.ts'
import { createContexts } from '../../../src/api/relay/contexts.ts'
import type { RelayEvents } from '../../../src/api/relay/events.ts'
import type { ActionRequest } from '../../../src/api/relay/kinds/request.ts'
import type { Asking } from '../../../src/api/relay/pipeline/context.ts'
import { placeActions } from '../../../src/api/relay/pipeline/placing.ts'
import { Refusal } from '../../../src/api/relay/refusal.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { createPlacer } from '../../../src/api/relay/sender/placement.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { relayer, relayOn, settingsOn, until } from '../claims/claimsOnChain.ts'
import { poster, type Runs, runsOn } from './runsInStates.ts'

/** Agrees with every signature (ERC-1271). */
const AGREES: Hex = '0x631626ba7e60e01b60005260206000f3'
/** The same after hashing 128 kB: 70,000 gas. */
const AGREES_AT_LENGTH: Hex = `0x6202000060002050${AGREES.slice(2)}`
/** The same after hashing half a megabyte: 700,000 gas. */
const COSTLY: Hex = `0x6208000060002050${AGREES.slice(2)}`
/** Loops until its gas is used up. */
const BURNS: Hex = '0x5b600056'

/** Blocks are mined at once, or when a test mines them. */
let chain: TestChain & { databaseUrl: string }
let runs: Runs
let relay: Relay
let wallet: LocalAccount
const log: string[] = []
const events = new EventEmitter<RelayEvents>()
const decided: string[] = []

beforeAll(async () => {
  chain = { ...(await startTestChain({})), databaseUrl: await freshDatabase() }
  runs = await runsOn(chain)
  wallet = runs.agent.wallet
  events.on('actionDecided', ({ outcome }) => decided.push(outcome))
  events.on('actionReopened', () => decided.push('reopened'))
  relay = await relayOn(chain, { events }, log)
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

/** The status of the outcome, or the code of the refusal. */
async function resultOf(request: ActionRequest<RunMessage>, milliseconds?: number): Promise<string> {
  try {
    return (await relay.act(request, asked(milliseconds))).status
  } catch (error) {
    if (error instanceof Refusal) return error.code
    throw error
  }
}

const signed = async (action: RunActionName, runId: bigint, by: LocalAccount) =>
  runs.signed(await runs.messageOf(action, runId, by.address), by)

const pooled = async () => (await chain.client.getTxpoolStatus()).pending
const nonce = () => chain.client.getTransactionCount({ address: relayer.address })
const stateOf = async (runId: bigint) => (await chain.market.read.getBounty([runId])).state
const mine = () => chain.client.mine({ blocks: 1 })
const [IN_PROGRESS, SUBMITTED] = [4, 5]

describe('an action', () => {
  it('waits for the earlier one of its party about the run, and for no other', { timeout: 30_000 }, async () => {
    const [runId, other] = [await runs.runIn('CLAIMED'), await runs.runIn('CLAIMED')]
    await chain.client.setAutomine(false)
    const started = resultOf(await signed('start', runId, wallet))
    await until('sent', async () => (await pooled()) === 1)
    const submitted = resultOf(await signed('submit', runId, wallet))
    const elsewhere = resultOf(await signed('start', other, wallet))
    const closed = resultOf(await signed('close', runId, poster))
    await until('all but one are sent', async () => (await pooled()) === 3)
    await mine()
    await until('the last is sent', async () => (await pooled()) === 1)
    await mine()
    expect(await Promise.all([started, submitted, elsewhere, closed])).toEqual(['done', 'done', 'done', 'done'])
    expect([await stateOf(runId), await stateOf(other)]).toEqual([SUBMITTED, IN_PROGRESS])
  })

  it('of another signature of the same message is the same action', { timeout: 30_000 }, async () => {
    const contract = await contractWithRuns(1)
    const [runId = 0n] = contract.runIds
    const message = await runs.messageOf('start', runId, contract.address)
    await chain.client.setAutomine(false)
    const before = await nonce()
    const results = ['0xc0ffee', '0xc0ffee', '0x01', '0x02'].map((signature) =>
      resultOf({ message, signature: signature as Hex }),
    )
    await until('sent', async () => (await pooled()) === 1)
    await mine()
    expect(await Promise.all(results)).toEqual(['done', 'done', 'done', 'done'])
    expect(await nonce()).toBe(before + 1)
  })

  it('that another party’s transaction overtakes is refused with the reason, once it is mined', async () => {
    const runId = await runs.runIn('CLAIMED')
    await chain.client.setAutomine(false)
    const result = resultOf(await signed('start', runId, wallet))
    await until('sent', async () => (await pooled()) === 1)
    const price = { maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 10n }
    await chain.market.write.startWork([runId], { account: wallet.address, ...price })
    await mine()
    expect(await result).toBe('WRONG_STATE')
    const request = await signed('start', runId, wallet)
    expect(await resultOf(request)).toBe('WRONG_STATE')
  })
})

describe('a reorg', () => {
  it('that drops its transaction sends it again', { timeout: 40_000 }, async () => {
    const runId = await runs.runIn('CLAIMED')
    const request = await signed('start', runId, wallet)
    expect(await resultOf(request)).toBe('done')
    await chain.client.request({ method: 'anvil_reorg', params: [1, []] } as never)
    expect(await stateOf(runId)).not.toBe(IN_PROGRESS)
    await until('reopened', async () => decided.includes('reopened'))
    await until('made again', async () => (await stateOf(runId)) === IN_PROGRESS)
    await until('decided again', async () => decided.filter((outcome) => outcome === 'done').length === 2)
    expect(await resultOf(request)).toBe('done')
    const action = await relay.find(runDigest(marketOn(), request.message))
    expect(action?.state).toBe('done')
  })
})

describe('an action that is stored when its process ends', () => {
  it('is sent by the next process, once', { timeout: 40_000 }, async () => {
    const runId = await runs.runIn('CLAIMED')
    const request = await signed('start', runId, wallet)
    const before = await nonce()
    // Everything up to the broadcast, as a process that is killed there.
    const { sender, pipeline } = createContexts(settingsOn(chain), 'killed')
    const placer = createPlacer(sender)
    const action = { actionId: runDigest(marketOn(), request.message), request }
    const candidate = { action, gas: 100_000n, agentId: runs.agent.id, fees: 0n, runsWalletCode: false }
    await placeActions(pipeline, placer, relayer, placer.quote(relayer), [candidate])
    await sender.pool.end()
    expect(await pooled()).toBe(0)
    expect(await resultOf(request)).toBe('done')
    expect([await stateOf(runId), await nonce()]).toEqual([IN_PROGRESS, before + 1])
  })
})

describe('a wallet that is a contract', () => {
  it('and takes more gas than the relay pays for is refused', async () => {
    const contract = await contractWithRuns(1)
    const [runId = 0n] = contract.runIds
    for (const code of [COSTLY, BURNS]) {
      await contract.become(code)
      const message = await runs.messageOf('start', runId, contract.address)
      expect(await resultOf({ message, signature: '0xc0ffee' })).toBe('INVALID_SIGNATURE')
    }
  })

  it('that burns its gas in the block costs at most its limit, and is paused after three reverts', {
    timeout: 60_000,
  }, async () => {
    const contract = await contractWithRuns(4)
    await contract.become(AGREES_AT_LENGTH)
    const [last = 0n, ...first] = contract.runIds
    await chain.client.setAutomine(false)
    const messages = await Promise.all(first.map((runId) => runs.messageOf('start', runId, contract.address)))
    const results = messages.map((message) => resultOf({ message, signature: '0xc0ffee' }))
    await until('sent', async () => (await pooled()) === 3)
    await contract.become(BURNS)
    await mine()
    const block = await chain.client.getBlock({ includeTransactions: true })
    const receipts = await Promise.all(
      block.transactions.map(({ hash }) => chain.client.getTransactionReceipt({ hash })),
    )
    expect(receipts.map(({ status }) => status)).toEqual(['reverted', 'reverted', 'reverted'])
    for (const { gasUsed } of receipts) expect(gasUsed).toBeLessThanOrEqual(250_000n)
    expect(await Promise.all(results)).toEqual(['INVALID_SIGNATURE', 'INVALID_SIGNATURE', 'INVALID_SIGNATURE'])
    await contract.become(AGREES)
    const message = await runs.messageOf('start', last, contract.address)
    expect(await resultOf({ message, signature: '0xc0ffee' })).toBe('RATE_LIMITED')
  })
})

const marketOn = () => ({
  chainId: chain.deployment.chainId,
  address: chain.deployment.contracts.BountyMarket,
})

/** A wallet whose agent has claimed runs, and that is a contract since. */
async function contractWithRuns(count: number) {
  const account = privateKeyToAccount(generatePrivateKey())
  const { address } = account
  const { people } = runs
  const agent = await people.newAgent(account, 0n)
  await people.stakeFor(agent)
  const runIds: bigint[] = []
  for (let run = 0; run < count; run++) {
    const runId = await runs.runIn('OPEN')
    await people.mined(() => chain.market.write.claimBounty([runId, agent.id], { account: address }))
    runIds.push(runId)
  }
  const become = (bytecode: Hex) => chain.client.setCode({ address, bytecode })
  await become(AGREES)
  return { address, runIds, become }
}
