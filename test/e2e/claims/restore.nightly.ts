// docs/runbook.md, "To restore a backup": the relay's database is set back to an earlier time.
import { beforeEach, expect, inject, it, onTestFinished } from 'vitest'
import type { ClaimRequest } from '../../../src/api/relay/kinds/claims/message.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { createDatabase } from '../../../tools/devnet/postgres.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { relayer, relayOn, resultOf, signedRequestOf, until } from './claimsOnChain.ts'

let chain: TestChain
let people: Participants
let agent: Agent

beforeEach(async () => {
  chain = await startTestChain()
  people = participantsOf(chain)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  return chain.stop
}, 60_000)

const nonce = () => chain.client.getTransactionCount({ address: relayer.address })

async function newClaim(): Promise<ClaimRequest> {
  return signedRequestOf(people, await people.openRun(usdc), agent)
}

async function startRelay(databaseUrl: string, foreignNonces = 16) {
  const relay = await relayOn({ ...chain, databaseUrl }, { foreignNonces })
  let closing: Promise<void> | undefined
  const close = () => (closing ??= relay.close())
  onTestFinished(close)
  return { ...relay, close }
}

/** A database with one claim, its backup, and what the relay claimed after the backup. */
async function loseClaims(count: number) {
  const databaseUrl = await freshDatabase()
  const first = await startRelay(databaseUrl)
  expect(await resultOf(first, await newClaim())).toBe('done')
  await first.close()
  const name = new URL(databaseUrl).pathname.slice(1)
  const backup = await createDatabase(inject('postgresUrl'), `${name}_backup`, name)
  const second = await startRelay(databaseUrl)
  const lost: ClaimRequest[] = []
  for (let claim = 0; claim < count; claim++) {
    const request = await newClaim()
    expect(await resultOf(second, request)).toBe('done')
    lost.push(request)
  }
  return { backup, lost, close: second.close, relay: second }
}

it('a restored database signs no nonce again that was used after the backup, and knows those claims by the chain', async () => {
  const { backup, lost, close } = await loseClaims(3)
  await close()
  const used = await nonce()
  const restored = await startRelay(backup)
  expect(await Promise.all(lost.map((request) => resultOf(restored, request)))).toEqual(['done', 'done', 'done'])
  expect(await nonce()).toBe(used)
  expect(await resultOf(restored, await newClaim())).toBe('done')
  expect(await nonce()).toBe(used + 1)
})

it('more lost nonces than FOREIGN_NONCES stop the signer, until the setting is raised', async () => {
  const { backup, close } = await loseClaims(3)
  await close()
  const used = await nonce()
  const request = await newClaim()
  const restored = await startRelay(backup, 2)
  expect(await resultOf(restored, request, 3_000)).toBe('RELAY_UNAVAILABLE')
  expect(await nonce()).toBe(used)
  await restored.close()
  const raised = await startRelay(backup, 3)
  expect(await resultOf(raised, request)).toBe('done')
  expect(await nonce()).toBe(used + 1)
})

it('a transaction that was signed after the backup and not mined does not keep a new claim from being won', async () => {
  const { backup, relay, close } = await loseClaims(1)
  const before = await newClaim()
  const after = await newClaim()
  await chain.client.setAutomine(false)
  await chain.client.setIntervalMining({ interval: 0 })
  expect(await resultOf(relay, before, 2_000)).toBe('accepted')
  await close()
  const restored = await startRelay(backup)
  const claiming = resultOf(restored, after, 20_000)
  await chain.client.setIntervalMining({ interval: 1 })
  expect(await claiming).toBe('done')
  // Either transaction may have got the nonce. The other claim may be sent again.
  await until('both are won', async () => (await resultOf(restored, before)) === 'done', 20_000)
})
