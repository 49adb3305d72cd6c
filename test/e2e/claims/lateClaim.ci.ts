import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { toAccount } from 'viem/accounts'
import { expect, it } from 'vitest'
import { connect } from '../../../ops/database/connect.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain } from '../../support/market.ts'
import { participantsOf, usdc } from '../../support/participants.ts'
import { LOCK_CLAIMS } from '../../support/relayRows.ts'
import { relayer, relayOn, requestOf, resultOf } from './claimsOnChain.ts'

/** A little less than the relay's timeout of a statement, and of a signature. */
const STEP_MS = 4_600

const slowRelayer = toAccount({
  ...relayer,
  async signTransaction(...transaction) {
    await sleep(STEP_MS)
    return relayer.signTransaction(...transaction)
  },
})

/** Begins a transaction that keeps the lock. */
async function locking(url: string, lock: string): Promise<Client> {
  const client = await connect(url)
  await client.query(`BEGIN; ${lock}`)
  return client
}

it('answers a claim soon after its wait, however long database and key take, and makes it once', async () => {
  await using parts = new AsyncDisposableStack()
  const chain = { ...(await startTestChain({})), databaseUrl: await freshDatabase() }
  parts.defer(chain.stop)
  const people = participantsOf(chain)
  const [agent, rival] = await Promise.all([2, 3].map((place) => people.newAgent(accountOf(place), 100n * usdc)))
  if (!agent || !rival) throw new Error('The test has two agents')
  const log: string[] = []
  const relay = await relayOn(chain, { accounts: [slowRelayer] }, log)
  parts.defer(relay.close)
  const runId = await people.openRun(usdc)
  const before = await chain.client.getTransactionCount({ address: relayer.address })

  const signerLock = await locking(chain.databaseUrl, 'SELECT FROM relay.signer FOR UPDATE')
  const claimLock = await locking(chain.databaseUrl, LOCK_CLAIMS)
  const start = performance.now()
  const result = resultOf(relay, requestOf(runId, agent), 1)
  await sleep(STEP_MS)
  await signerLock.end()
  await sleep(STEP_MS)
  await claimLock.end()
  expect(await result).toBe('RELAY_UNAVAILABLE')
  expect(performance.now() - start).toBeLessThan(12_000)
  expect(log.join()).toContain('a claim that was taken from the queue has no result in time')

  expect(await resultOf(relay, requestOf(runId, rival))).toBe('RUN_NOT_OPEN')
  expect(await resultOf(relay, requestOf(runId, agent))).toBe('done')
  expect(await chain.client.getTransactionCount({ address: relayer.address })).toBe(before + 1)
})
