import { setTimeout as sleep } from 'node:timers/promises'
import { bytesToHex, type Hex, parseEther } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { accountMessage, accountTypedData } from '../../../core/market/accountActions.ts'
import { type OpenRunCallName, openRunCall } from '../../../core/market/openCalls.ts'
import { UNSIGNED } from '../../../src/api/relay/kinds/request.ts'
import type { Asking } from '../../../src/api/relay/pipeline/context.ts'
import { Refusal } from '../../../src/api/relay/refusal.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { relayOn, until } from '../claims/claimsOnChain.ts'
import { type Runs, runsOn } from './runsInStates.ts'

let chain: TestChain
let runs: Runs
const expired: bigint[] = []
const submitted: bigint[] = []

/** Blocks are mined at once, or when a test mines them. */
beforeAll(async () => {
  chain = await startTestChain({})
  runs = await runsOn(chain)
  for (let count = 0; count < 16; count++) expired.push(await runs.runIn('OPEN'))
  submitted.push(await runs.runIn('SUBMITTED'))
  await chain.client.increaseTime({ seconds: 15 * 86_400 })
  await chain.client.mine({ blocks: 1 })
  return chain.stop
}, 120_000)

afterEach(() => chain.client.setAutomine(true))

const asked = (client: string): Asking => ({
  client,
  gone: new AbortController().signal,
  until: AbortSignal.timeout(15_000),
})

const pooled = async () => (await chain.client.getTxpoolStatus()).pending

/** The next of these runs. */
function nextOf(runIds: bigint[]): bigint {
  const runId = runIds.shift()
  if (runId === undefined) throw new Error('No such run is left')
  return runId
}

/** The status of the outcome, or the code of the refusal. */
async function call(relay: Relay, name: OpenRunCallName, runId: bigint, client = 'test') {
  try {
    return (await relay.act({ message: openRunCall(name, runId), signature: UNSIGNED }, asked(client))).status
  } catch (error) {
    if (error instanceof Refusal) return error.code
    throw error
  }
}

async function register(relay: Relay) {
  const owner = privateKeyToAccount(generatePrivateKey())
  const salt = bytesToHex(crypto.getRandomValues(new Uint8Array(32)))
  const deadline = (await runs.people.now()) + 600n
  const message = accountMessage('register', { owner: owner.address, agentURI: '', salt, deadline })
  const signature: Hex = await owner.signTypedData(accountTypedData(await relay.readContracts(), message) as never)
  return (await relay.act({ message, signature }, asked('another'))).status
}

it('are not counted as those of one account, whose limits one client would use up', { timeout: 30_000 }, async () => {
  const limited = { walletLimits: { perMinute: 2, perDay: 2 } }
  const relay = await relayOn({ ...chain, databaseUrl: await freshDatabase() }, limited)
  for (let count = 0; count < 3; count++) expect(await call(relay, 'expire', nextOf(expired))).toBe('done')
  await relay.close()
})

it('are a quarter of a signer’s unmined transactions at most', { timeout: 60_000 }, async () => {
  const relay = await relayOn({ ...chain, databaseUrl: await freshDatabase() }, { maxUnmined: 8 })
  await chain.client.setAutomine(false)
  const calls = [1, 2, 3].map(() => call(relay, 'expire', nextOf(expired), 'flood'))
  await until('sent', async () => (await pooled()) === 2)
  await sleep(500)
  expect(await pooled()).toBe(2)
  const registered = register(relay)
  await until('the registration is sent', async () => (await pooled()) === 3)
  await chain.client.mine({ blocks: 1 })
  expect(await registered).toBe('done')
  await until('the last call is sent', async () => (await pooled()) === 1)
  await chain.client.mine({ blocks: 1 })
  expect(await Promise.all(calls)).toEqual(['done', 'done', 'done'])
  await relay.close()
})

it('that cost no party anything use up the share of posts, not that of the others', { timeout: 60_000 }, async () => {
  const all = 1_000_000n
  const shares = { wallet: all, agent: all, poster: all, newcomers: all, posts: 0n, registrations: all, anyone: all }
  const options = { shares: { ...shares, perUsdc: 0n }, dailyBudget: parseEther('1') }
  const relay = await relayOn({ ...chain, databaseUrl: await freshDatabase() }, options)
  const results: string[] = []
  while (results.at(-1) !== 'RELAY_UNAVAILABLE') results.push(await call(relay, 'expire', nextOf(expired)))
  // The share has room for three of the most expensive calls.
  expect(results.length).toBeGreaterThan(3)
  expect(await call(relay, 'finalize', nextOf(submitted))).toBe('done')
  await relay.close()
})
