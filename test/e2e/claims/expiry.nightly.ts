import pg from 'pg'
import type { Hex } from 'viem'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ClaimRequest } from '../../../src/api/relay/kinds/claims/message.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { firstBytesOf } from '../../support/relayRows.ts'
import { abandon } from './abandonCommand.ts'
import { contextOf, relayOn, resultOf, signedRequestOf, until } from './claimsOnChain.ts'

const leaving = accountOf(21)
const staying = accountOf(22)

/** Seconds from a claim's last valid second until the relay gives it up. */
const MARGIN = 120n

let chain: TestChain
let people: Participants
let agent: Agent
let rival: Agent
let stop: (() => Promise<void>)[] = []

beforeAll(async () => {
  chain = await startTestChain({})
  people = participantsOf(chain)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  rival = await people.newAgent(accountOf(3), 1_000n * usdc)
  for (const { address } of [leaving, staying]) await chain.client.setBalance({ address, value: 10n ** 18n })
  return chain.stop
}, 60_000)

afterEach(async () => {
  await chain.client.setAutomine(true)
  await Promise.all(stop.map((end) => end()))
  stop = []
})

async function start(databaseUrl: string, accounts: (typeof leaving)[], log: string[] = []): Promise<Relay> {
  const relay = await relayOn({ ...chain, databaseUrl }, { accounts }, log)
  stop.push(() => relay.close())
  return relay
}

const dropAll = () => chain.client.request({ method: 'anvil_dropAllTransactions' } as never)

/** Mines a block, `seconds` after the last one, without the pending transactions. */
async function skip(seconds: bigint) {
  await dropAll()
  await chain.client.setNextBlockTimestamp({ timestamp: (await people.now()) + seconds })
  await chain.client.mine({ blocks: 1 })
}

/** A claim of a new run that `by` has signed and no block includes, and a rival's signed claim. */
async function unminedClaim(by: typeof leaving) {
  const databaseUrl = await freshDatabase()
  const runId = await people.openRun(usdc)
  const request = await signedRequestOf(people, runId, agent)
  const other = await signedRequestOf(people, runId, rival, { deadline: (await people.now()) + 1_800n })
  await chain.client.setAutomine(false)
  const relay = await relayOn({ ...chain, databaseUrl }, { accounts: [by] })
  if (by === staying) stop.push(() => relay.close())
  const { actionId: claimId } = await relay.act(request, contextOf(AbortSignal.timeout(700)))
  expect((await relay.find(claimId))?.state).toBe('open')
  return { databaseUrl, relay, request, other, claimId }
}

/** The same claim, with a relay that lacks the signer's key. */
async function orphanedClaim(log: string[] = []) {
  const { relay: old, ...claim } = await unminedClaim(leaving)
  await old.close()
  return { ...claim, relay: await start(claim.databaseUrl, [staying], log) }
}

const refusedAs = async (relay: Relay, claimId: `0x${string}`, code: string) => {
  const claim = await relay.find(claimId)
  return claim?.state === 'refused' && claim.problem?.code === code
}

/** Mines the pending transactions until the claim is decided. */
async function mineUntilDecided(relay: Relay, request: ClaimRequest) {
  const result = resultOf(relay, request)
  await until('sent', async () => (await chain.client.getTxpoolStatus()).pending > 0)
  await chain.client.setAutomine(true)
  await chain.client.mine({ blocks: 1 })
  return result
}

describe('a claim that is unmined after its signature has expired', { timeout: 60_000 }, () => {
  it('is refused, its nonce is filled, and a rival wins the run', async () => {
    const { relay, other, claimId } = await unminedClaim(staying)
    await skip(600n)
    expect(await resultOf(relay, other, 500)).toBe('CLAIM_PENDING')
    await skip(MARGIN + 1n)
    await until('refused', () => refusedAs(relay, claimId, 'SIGNATURE_EXPIRED'))
    await skip(1n)
    await skip(1n)
    expect(await mineUntilDecided(relay, other)).toBe('done')
  })

  it('is refused also if the key of its signer was removed', async () => {
    const { relay, other, claimId } = await orphanedClaim()
    await skip(600n + MARGIN + 2n)
    await until('refused', () => refusedAs(relay, claimId, 'SIGNATURE_EXPIRED'))
    await dropAll()
    expect(await mineUntilDecided(relay, other)).toBe('done')
  })

  it('is won if a reorg includes its transaction in an earlier block', async () => {
    const { relay, databaseUrl, request, claimId } = await unminedClaim(staying)
    const before = await chain.client.snapshot()
    await skip(600n + MARGIN + 2n)
    await until('refused', () => refusedAs(relay, claimId, 'SIGNATURE_EXPIRED'))
    await chain.client.revert({ id: before })
    await dropAll()
    await chain.client.sendRawTransaction({ serializedTransaction: await bytesOf(databaseUrl, claimId) })
    await chain.client.setNextBlockTimestamp({ timestamp: (await people.now()) + 1n })
    await chain.client.mine({ blocks: 1 })
    await until('done', async () => (await relay.find(claimId))?.state === 'done')
    expect(await resultOf(relay, request)).toBe('done')
  })
})

async function bytesOf(databaseUrl: string, claimId: string): Promise<Hex> {
  const database = new pg.Client({ connectionString: databaseUrl })
  await database.connect()
  return firstBytesOf(database, claimId).finally(() => database.end())
}

describe('npm run abandon:claims', { timeout: 60_000 }, () => {
  it('refuses one claim, and its run can be claimed', async () => {
    const { databaseUrl, relay, other, claimId } = await unminedClaim(staying)
    const asked = await abandon(databaseUrl, ['--claim', claimId])
    expect(asked.how).toBe('exited with code 1')
    expect(asked.output).toContain('Nothing was changed: answer yes, or pass --yes')
    expect((await relay.find(claimId))?.state).toBe('open')
    const done = await abandon(databaseUrl, ['--claim', claimId, '--yes'])
    expect(done).toMatchObject({ how: 'exited with code 0', output: expect.stringContaining('Abandoned 1.') })
    expect(done.output).toContain('may still be mined')
    expect(await refusedAs(relay, claimId, 'CLAIM_REVERTED')).toBe(true)
    await dropAll()
    const result = resultOf(relay, other)
    await until(
      'sent',
      async () => (await chain.client.getTxpoolStatus()).queued + (await chain.client.getTxpoolStatus()).pending > 0,
    )
    // The nonce of the abandoned claim is used by its own transaction or by a filler; the rival's nonce comes after it.
    await chain.client.setAutomine(true)
    expect(['done', 'RUN_NOT_OPEN']).toContain(await result)
    const again = await abandon(databaseUrl, ['--claim', claimId, '--yes'])
    expect(again.output).toMatch(/^0x[0-9a-f]{64} is already decided: (refused|done)$/)
  })

  it('abandons all claims of a signer without a key, and their runs can be claimed', async () => {
    const log: string[] = []
    const { databaseUrl, relay, other, claimId } = await orphanedClaim(log)
    const { signer } = { signer: leaving.address }
    const done = await abandon(databaseUrl, ['--signer', signer, '--yes'])
    expect(done).toMatchObject({ how: 'exited with code 0' })
    expect(done.output).toContain(`1 unmined transactions of ${signer} will not be sent again`)
    expect(done.output).toContain(`  ${claimId}: run `)
    expect(await refusedAs(relay, claimId, 'CLAIM_REVERTED')).toBe(true)
    await dropAll()
    expect(await mineUntilDecided(relay, other)).toBe('done')
    await until('gone', async () => (await relay.signers()).length === 1)
    const again = await abandon(databaseUrl, ['--signer', signer, '--yes'])
    expect(again.output).toBe(`Signer ${signer} has no unmined transactions in schema relay of DATABASE_URL`)
  })

  it.each([
    [[], 'Name either --claim <id> or --signer <address>'],
    [['--claim', '0x12'], '--claim must be the id of a claim or action, 0x and 64 hexadecimal digits, got 0x12'],
    [['--signer', '0x12'], '--signer must be an address, got 0x12'],
    [
      ['--claim', `0x${'12'.repeat(32)}`],
      `No claim or action 0x${'12'.repeat(32)} is stored in schema relay of DATABASE_URL`,
    ],
  ])('rejects the arguments %j with the reason', async (args, message) => {
    const databaseUrl = await freshDatabase()
    await start(databaseUrl, [staying])
    expect(await abandon(databaseUrl, args)).toEqual({ how: 'exited with code 1', output: message })
  })
})
