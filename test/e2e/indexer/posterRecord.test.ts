import type { Address, Hash } from 'viem'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { auditOnce } from '../../support/auditOnce.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'

const HOUR_SECONDS = 3_600

let market: TestMarket
let people: Participants
let agent: Agent

beforeAll(async () => {
  market = await startTestMarket()
  people = participantsOf(market)
  agent = await people.newAgent(accountOf(3), 100n * usdc)
})

afterAll(() => market?.stop())

/** Sends a call. @returns the time of its block, in seconds. */
async function timeOf(send: () => Promise<Hash>): Promise<number> {
  const { blockNumber } = await people.mined(send)
  return Number((await market.client.getBlock({ blockNumber })).timestamp)
}

const pass = (seconds: number) => market.client.increaseTime({ seconds })

const recordOf = async (address: Address) => {
  await market.indexed()
  return (await fetch(`${market.api.url}/api/posters/${address.toLowerCase()}`)).json()
}

it('counts what a poster did with its runs, and the audit finds the same', { timeout: 180_000 }, async () => {
  const { write } = market.market
  const { poster } = people
  const by = { account: agent.wallet.address }
  const none = { approved: 0, rejected: 0, expired: 0, paid: '0', burned: '0', reviews: 0 }
  expect(await recordOf(poster)).toMatchObject({ ...none, meanReviewSeconds: null, longestReviewSeconds: null })

  const waits: number[] = []
  /** Claims the run, delivers, and has each delivery decided so many seconds later. */
  async function work(id: bigint, ...decisions: { after: number; decide: () => Promise<Hash> }[]) {
    await timeOf(() => write.claimBounty([id, agent.id], by))
    for (const { after, decide } of decisions) {
      const submitted = await timeOf(() => write.submitWork([id, 'ipfs://work'], by))
      await pass(after)
      waits.push((await timeOf(decide)) - submitted)
    }
  }

  const lifetime = 30n * 86_400n
  const approved = await people.openRun(100n * usdc, lifetime)
  await work(approved, { after: HOUR_SECONDS, decide: () => write.approveWork([approved, 0]) })

  const rejected = await people.openRun(200n * usdc, lifetime)
  const revise = () => write.requestRevision([rejected, 'ipfs://feedback'])
  await work(
    rejected,
    { after: HOUR_SECONDS, decide: revise },
    { after: 5 * HOUR_SECONDS, decide: revise },
    { after: HOUR_SECONDS, decide: revise },
    { after: HOUR_SECONDS, decide: () => write.rejectWork([rejected]) },
  )

  const withdrawn = await people.openRun(50n * usdc, lifetime)
  await timeOf(() => write.withdrawBounty([withdrawn]))
  const expired = await people.openRun(50n * usdc, 60n)
  await pass(61)
  await timeOf(() => write.expireBounty([expired], { account: accountOf(roles.relayer).address }))
  await people.openRun(50n * usdc, lifetime)

  const record = await recordOf(poster)
  expect(record).toMatchObject({
    address: poster,
    runs: { DRAFT: 2, OPEN: 1, APPROVED: 1, REJECTED: 1, SUBMITTED: 0 },
    approved: 1,
    rejected: 1,
    expired: 1,
    paid: '100000000',
    burned: '20000000',
    reviews: 5,
    meanReviewSeconds: Math.round(waits.reduce((sum, wait) => sum + wait, 0) / 5),
    longestReviewSeconds: Math.max(...waits),
  })
  expect(Math.max(...waits)).toBeGreaterThanOrEqual(5 * HOUR_SECONDS)
  expect(await recordOf(accountOf(7).address)).toMatchObject(none)

  const env = {
    DATABASE_URL: market.databaseUrl,
    CHAIN_ID: String(market.chainId),
    RPC_URL: market.rpcUrl,
    DEPLOYMENTS_DIR: market.deploymentsDirectory,
  }
  const audit = await auditOnce(env, market.client)
  expect(audit.exitCode, audit.stdout + audit.stderr).toBe(0)
})
