import { beforeAll, expect, it } from 'vitest'
import { accountCount, accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { sharedMarket, type TestMarket } from '../../support/market.ts'
import { type Participants, participantsOf } from '../../support/participants.ts'
import { claimApi } from './claimApi.ts'

const AGENTS = 100

const relayer = accountOf(roles.relayer).address

let market: TestMarket
let people: Participants

beforeAll(async () => {
  market = await sharedMarket('unsigned')
  people = participantsOf(market)
}, 120_000)

/** The outcome of each of the relayer's transactions since a block. */
async function endingsSince(block: bigint) {
  const { client } = market
  const last = await client.getBlockNumber({ cacheTime: 0 })
  const numbers = Array.from({ length: Number(last - block) }, (_, offset) => block + 1n + BigInt(offset))
  const blocks = await Promise.all(
    numbers.map((blockNumber) => client.getBlock({ blockNumber, includeTransactions: true })),
  )
  const sent = blocks.flatMap(({ transactions }) => transactions).filter(({ from }) => from === relayer.toLowerCase())
  return Promise.all(sent.map(async ({ hash }) => (await client.getTransactionReceipt({ hash })).status))
}

it('of a hundred agents that claim one run concurrently, one wins, and the others are refused without a transaction', {
  timeout: 180_000,
}, async () => {
  const agents = await Promise.all(
    Array.from({ length: AGENTS }, (_, index) => people.newAgent(accountOf(2 + (index % (accountCount - 3))))),
  )
  const runId = await people.openRun()
  const before = await market.client.getBlockNumber({ cacheTime: 0 })
  const { claim } = claimApi(market.api.url)
  const answers = await Promise.all(agents.map((agent) => claim(runId, agent)))

  const [winner, ...others] = answers.filter(({ status }) => status === 200)
  expect(others).toEqual([])
  const losers = answers.filter(({ status }) => status !== 200)
  const { claimedBy, claimedByWallet } = winner?.body.run ?? {}
  expect(losers.map(({ status, body }) => [status, body.code, body.claimedBy, body.holder])).toEqual(
    Array(AGENTS - 1).fill([400, 'RUN_NOT_OPEN', claimedBy, claimedByWallet]),
  )
  expect((await market.market.read.getBounty([runId])).agentId).toBe(Number(claimedBy))
  expect(await endingsSince(before)).toEqual(['success'])
})
