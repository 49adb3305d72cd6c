import { EventEmitter } from 'node:events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { RelayEvents } from '../../../src/api/relay/events.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import type { Broadcast } from '../../../src/api/relay/sender/store/transactions.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { type Fault, type RpcProxy, says, startRpcProxy, status } from '../../support/rpcProxy.ts'
import { relayer, relayOn, requestOf, resultOf, until } from './claimsOnChain.ts'

let chain: TestChain & { databaseUrl: string }
let people: Participants
let agent: Agent
let node: RpcProxy
let relay: Relay

/** The result of each broadcast. */
const results: Broadcast['result'][] = []

beforeAll(async () => {
  chain = { ...(await startTestChain({})), databaseUrl: await freshDatabase() }
  people = participantsOf(chain)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  node = await startRpcProxy(chain.rpcUrl)
  const events = new EventEmitter<RelayEvents>()
  events.on('attemptSent', ({ result }) => results.push(result))
  relay = await relayOn({ ...chain, rpcUrl: node.url }, { events })
}, 60_000)

afterAll(async () => {
  await relay?.close()
  await node?.stop()
  await chain?.stop()
})

const drop: Fault = { kind: 'drop' }

/**
 * Error messages of nodes about a transaction, from their sources: Geth's core/error.go, core/txpool/errors.go and
 * core/txpool/validation.go; Erigon's txnprovider/txpool/txpoolcfg, prefixed by an import result; Reth's
 * crates/rpc/rpc-eth-types/src/error; Anvil's crates/anvil/src/eth/error.rs.
 */
const wordings: [node: string, wording: Fault, result: Broadcast['result']][] = [
  ['Geth', says('nonce too low: next nonce 9, tx nonce 8'), 'nonceTaken'],
  ['Geth', says('replacement transaction underpriced'), 'nonceTaken'],
  ['Geth', says('insufficient funds for gas * price + value: balance 1, tx cost 9, overshot 8'), 'unfunded'],
  ['Geth', says('txpool is full'), 'refused'],
  ['Geth', says('transaction underpriced: tip needed 2, tip permitted 1'), 'refused'],
  ['Geth', says('account limit exceeded'), 'refused'],
  ['Geth', says('future transaction tries to replace pending'), 'refused'],
  ['Erigon', says('INTERNAL_ERROR: nonce too low'), 'nonceTaken'],
  ['Erigon', says('FEE_TOO_LOW: replacement transaction underpriced'), 'nonceTaken'],
  ['Erigon', says('INTERNAL_ERROR: could not replace existing tx'), 'nonceTaken'],
  ['Erigon', says('INTERNAL_ERROR: insufficient funds'), 'unfunded'],
  ['Erigon', says('INTERNAL_ERROR: pending sub-pool is full'), 'refused'],
  ['Erigon', says('FEE_TOO_LOW: underpriced'), 'refused'],
  ['Reth', says('nonce too low: next nonce 9, tx nonce 8', -32_000), 'nonceTaken'],
  ['Reth', says('replacement transaction underpriced', -32_000), 'nonceTaken'],
  ['Reth', says('insufficient funds for gas * price + value: have 1 want 9', -32_003), 'unfunded'],
  ['Reth', says('txpool is full', -32_003), 'refused'],
  ['Reth', says('max fee per gas less than block base fee', -32_000), 'refused'],
  ['Anvil', says('nonce too low', -32_003), 'nonceTaken'],
  ['Anvil', says('replacement transaction underpriced', -32_003), 'nonceTaken'],
  ['Anvil', says('Insufficient funds for gas * price + value', -32_003), 'unfunded'],
  ['Anvil', says('max fee per gas less than block base fee', -32_003), 'refused'],
  ['A provider', says('limit exceeded', -32_005), 'unsent'],
  ['A provider', says('Your app has exceeded its compute units per second capacity', 429), 'unsent'],
  ['A provider', status(429), 'unsent'],
]

/** Claims a new run. @returns its outcome, each broadcast's, and the number of the relayer's mined transactions. */
async function claimThrough(planned: Fault[], runId: bigint) {
  const nonce = () => chain.client.getTransactionCount({ address: relayer.address })
  const before = await nonce()
  results.length = 0
  node.plan('eth_sendRawTransaction', planned)
  const result = await resultOf(relay, requestOf(runId, agent))
  expect(node.heal(), 'a wording that was never said').toEqual([])
  return { result, mined: (await nonce()) - before, results }
}

const wordsOf = (fault: Fault) => ('reply' in fault && 'error' in fault.reply ? fault.reply.error.message : fault.kind)

it.each(wordings.map(([node, wording, result]) => [node, wordsOf(wording), result, wording] as const))(
  'when %s once answers “%s”, the result is %s, and the claim is won with one transaction',
  async (_node, _words, result, wording) => {
    expect(await claimThrough([wording], await people.openRun(usdc))).toEqual({
      result: 'done',
      mined: 1,
      results: [result, 'accepted'],
    })
  },
)

it.each<[node: string, words: string, code?: number]>([
  ['Geth', 'already known'],
  ['Erigon', 'ALREADY_EXISTS: already known'],
  ['Erigon', 'INTERNAL_ERROR: existing txn with same hash'],
  ['Reth', 'already known', -32_000],
  ['Anvil', 'transaction already imported', -32_003],
  ['Geth', 'nonce too low: next nonce 9, tx nonce 8'],
  ['Erigon', 'INTERNAL_ERROR: nonce too low'],
])('when %s has the transaction and answers “%s”, it counts as accepted', async (_node, words, code = -32_000) => {
  // Not mined before the second answer: else a keeper could settle it first, without a second broadcast.
  const runId = await people.openRun(usdc)
  results.length = 0
  await chain.client.setAutomine(false)
  const claim = claimThrough([drop, says(words, code)], runId)
  await until('both are answered', async () => results.length === 1)
  await chain.client.setAutomine(true)
  await chain.client.mine({ blocks: 1 })
  expect(await claim).toEqual({ result: 'done', mined: 1, results: ['accepted'] })
})
