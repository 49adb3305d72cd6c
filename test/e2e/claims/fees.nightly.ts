import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type Hex, parseEther, parseGwei } from 'viem'
import { afterEach, beforeAll, expect, it, onTestFinished } from 'vitest'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { requirePriceBump } from '../../support/replacementRule.ts'
import { type RpcProxy, startRpcProxy } from '../../support/rpcProxy.ts'
import type { RpcCall } from '../../support/staleNode.ts'
import {
  contextOf,
  quotesPass,
  relayer,
  relayOn,
  requestOf,
  resultOf,
  signedRequestOf,
  until,
} from './claimsOnChain.ts'

/** Blocks are mined when a test mines them, at the base fee that it sets; the node has Geth's rule for replacements. */
let chain: TestChain & { databaseUrl: string }
let people: Participants
let agent: Agent
let node: RpcProxy
let relay: Relay

beforeAll(async () => {
  chain = { ...(await startTestChain({})), databaseUrl: await freshDatabase() }
  people = participantsOf(chain)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  node = await startRpcProxy(chain.rpcUrl)
  node.from(requirePriceBump(chain.rpcUrl))
  relay = await relayOn({ ...chain, rpcUrl: node.url })
  return async () => {
    await relay.close()
    await node.stop()
    await chain.stop()
  }
}, 60_000)

afterEach(async () => {
  await mineAt('1')
  await chain.client.setAutomine(true)
})

async function mineAt(gwei: string, blocks = 1) {
  for (let block = 0; block < blocks; block++) {
    await chain.client.setNextBlockBaseFeePerGas({ baseFeePerGas: parseGwei(gwei) })
    await chain.client.mine({ blocks: 1 })
  }
}

const nonce = () => chain.client.getTransactionCount({ address: relayer.address })
const pooled = async () => Object.values((await chain.client.getTxpoolContent()).pending).flatMap(Object.values)

/** Sends a claim, and mines blocks that do not include it. */
async function sendPast(runId: bigint, passBlocks: () => Promise<unknown>) {
  await chain.client.setAutomine(false)
  const {
    status,
    actionId: claimId,
    txHash,
  } = await relay.act(requestOf(runId, agent), contextOf(AbortSignal.timeout(500)))
  expect(status).toBe('accepted')
  const used = await nonce()
  await passBlocks()
  expect(await nonce()).toBe(used)
  return { claimId, txHash }
}

it('a transaction that blocks leave out is replaced at a fee that Geth accepts', { timeout: 40_000 }, async () => {
  const runId = await people.openRun(usdc)
  const { txHash } = await sendPast(runId, async () => {
    const [sent] = await pooled()
    const method = 'eth_getRawTransactionByHash'
    const raw = await chain.client.request<{ Method: string; Parameters: [string]; ReturnType: Hex }>({
      method,
      params: [sent?.hash ?? ''],
    })
    await chain.client.request({ method: 'anvil_dropAllTransactions' } as never)
    await chain.client.mine({ blocks: 4 })
    await chain.client.sendRawTransaction({ serializedTransaction: raw })
  })
  expect((await pooled()).map(({ hash }) => hash)).toEqual([txHash])
  await until('replaced', async () => (await pooled()).some(({ hash }) => hash !== txHash), 12_000)
  expect(await pooled()).toHaveLength(1)
  expect(node.counts.get('reply'), 'replacements that Geth would refuse').toBeUndefined()
  await chain.client.mine({ blocks: 1 })
  expect(await resultOf(relay, requestOf(runId, agent))).toBe('done')
})

it('claims wait while the base fee is above the maximum, and are won after its fall', {
  timeout: 60_000,
}, async () => {
  const runId = await people.openRun(usdc)
  const later = await people.openRun(usdc)
  const { claimId, txHash } = await sendPast(runId, () => mineAt('250', 4))
  await quotesPass()
  expect(await resultOf(relay, requestOf(later, agent), 1_000)).toBe('RELAY_UNAVAILABLE')
  await sleep(6_000)
  await mineAt('250')
  // The transaction is old enough to be replaced, but no fee within the maximum would get it mined.
  expect((await relay.find(claimId))?.tx.hash).toBe(txHash)

  await mineAt('1')
  await chain.client.setAutomine(true)
  // Anvil does not mine a transaction that reached its pool between these two calls.
  await chain.client.mine({ blocks: 1 })
  expect(await resultOf(relay, requestOf(runId, agent))).toBe('done')
  expect(await resultOf(relay, requestOf(later, agent))).toBe('done')
})

it('a transaction is replaced only within the budget: an endpoint that withholds it cannot spend more', {
  timeout: 60_000,
}, async () => {
  const databaseUrl = await freshDatabase()
  const pool = new pg.Pool({ connectionString: databaseUrl })
  const payer = accountOf(21)
  await chain.client.setBalance({ address: payer.address, value: parseEther('10') })
  const limited = await relayOn(
    { ...chain, databaseUrl, rpcUrl: node.url },
    { accounts: [payer], allowUnsigned: false },
  )
  onTestFinished(async () => {
    await limited.close()
    await pool.end()
  })
  const claimOf = async (timeout: number) => {
    const request = await signedRequestOf(people, await people.openRun(usdc), agent)
    return limited.act(request, contextOf(AbortSignal.timeout(timeout)))
  }
  expect((await claimOf(15_000)).status).toBe('done')
  const attempts = async () => (await pool.query('SELECT FROM relay.attempt')).rowCount
  /** Adds to what the first transaction has cost. */
  const spend = (wei: bigint) =>
    pool.query('UPDATE relay.tx SET fee = fee + $1 WHERE state <> $2 AND fee IS NOT NULL', [wei, 'signed'])

  node.from(({ method }: RpcCall) => {
    return method === 'eth_sendRawTransaction'
      ? { kind: 'reply', reply: { result: `0x${'11'.repeat(32)}` } }
      : undefined
  })
  const withheld = await claimOf(500)
  expect(withheld.status).toBe('accepted')
  await spend(parseEther('1'))
  await chain.client.mine({ blocks: 5 })
  await sleep(9_000)
  expect(await attempts()).toBe(2)
  await spend(-parseEther('1'))
  await until('replaced', async () => (await attempts()) === 3, 12_000)
  node.from(requirePriceBump(chain.rpcUrl))
  await until('done', async () => (await limited.find(withheld.actionId))?.state === 'done', 12_000)
})
