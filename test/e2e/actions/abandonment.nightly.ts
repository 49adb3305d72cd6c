import type { LocalAccount } from 'viem'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { RunActionName } from '../../../core/market/runActions.ts'
import type { Asking } from '../../../src/api/relay/pipeline/context.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { abandon } from '../claims/abandonCommand.ts'
import { relayOn, until } from '../claims/claimsOnChain.ts'
import { poster, type Runs, runsOn } from './runsInStates.ts'

const leaving = accountOf(21)
const staying = accountOf(22)
const SUBMITTED = 5

let chain: TestChain
let runs: Runs
let relays: Relay[] = []

beforeAll(async () => {
  chain = await startTestChain({})
  runs = await runsOn(chain)
  for (const { address } of [leaving, staying]) await chain.client.setBalance({ address, value: 10n ** 18n })
  return chain.stop
}, 60_000)

afterEach(async () => {
  await chain.client.setAutomine(true)
  await Promise.all(relays.map((relay) => relay.close()))
  relays = []
})

async function start(databaseUrl: string, accounts: LocalAccount[]): Promise<Relay> {
  const relay = await relayOn({ ...chain, databaseUrl }, { accounts: accounts as (typeof leaving)[] })
  relays.push(relay)
  return relay
}

const asked = (milliseconds: number): Asking => ({
  client: 'test',
  gone: new AbortController().signal,
  until: AbortSignal.timeout(milliseconds),
})

const signed = async (action: RunActionName, runId: bigint, by: LocalAccount) =>
  runs.signed(await runs.messageOf(action, runId, by.address), by)

/** A claimed run, and the start of its work in a transaction of the signer that no block includes. */
async function unminedStart(signer: LocalAccount) {
  const databaseUrl = await freshDatabase()
  const runId = await runs.runIn('CLAIMED')
  const relay = await start(databaseUrl, [signer])
  await chain.client.setAutomine(false)
  const { wallet } = runs.agent
  const { actionId } = await relay.act(await signed('start', runId, wallet), asked(700))
  expect((await relay.find(actionId))?.state).toBe('open')
  return { databaseUrl, relay, runId, actionId, submission: await signed('submit', runId, wallet) }
}

/** Submits the work, which waits for the start as long as that is open. */
async function submitOnce(relay: Relay, { runId, submission }: Awaited<ReturnType<typeof unminedStart>>) {
  await chain.client.request({ method: 'anvil_dropAllTransactions' } as never)
  const submitting = relay.act(submission, asked(20_000))
  await until('sent', async () => {
    const { pending, queued } = await chain.client.getTxpoolStatus()
    return pending + queued > 0
  })
  await chain.client.setAutomine(true)
  await chain.client.mine({ blocks: 1 })
  expect((await submitting).status).toBe('done')
  expect((await chain.market.read.getBounty([runId])).state).toBe(SUBMITTED)
}

async function expectAbandoned(relay: Relay, actionId: `0x${string}`) {
  const { state, problem } = (await relay.find(actionId)) ?? {}
  expect([state, problem?.code]).toEqual(['refused', 'ACTION_REVERTED'])
}

describe('npm run abandon:claims', { timeout: 60_000 }, () => {
  it('refuses one action, and its party’s next one is made', async () => {
    const stuck = await unminedStart(staying)
    const { databaseUrl, relay, runId, actionId } = stuck
    const done = await abandon(databaseUrl, ['--claim', actionId, '--yes'])
    expect(done).toMatchObject({ how: 'exited with code 0', output: expect.stringContaining('Abandoned 1.') })
    expect(done.output).toContain(`start of run ${runId} by ${runs.agent.wallet.address}`)
    await expectAbandoned(relay, actionId)
    await submitOnce(relay, stuck)
    const again = await abandon(databaseUrl, ['--claim', actionId, '--yes'])
    expect(again.output).toMatch(/^0x[0-9a-f]{64} is already decided: (refused|done)$/)
  })

  it('refuses all actions of a signer without a key', async () => {
    const stuck = await unminedStart(leaving)
    const { databaseUrl, relay: old, actionId } = stuck
    const closed = await old.act(await signed('close', stuck.runId, poster), asked(700))
    await old.close()
    relays = []
    const relay = await start(databaseUrl, [staying])
    const done = await abandon(databaseUrl, ['--signer', leaving.address, '--yes'])
    expect(done).toMatchObject({ how: 'exited with code 0', output: expect.stringContaining('Abandoned 2 claims') })
    await expectAbandoned(relay, actionId)
    await expectAbandoned(relay, closed.actionId)
    await submitOnce(relay, stuck)
  })
})
