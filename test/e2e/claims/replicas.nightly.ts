import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ClaimRequest } from '../../../src/api/relay/kinds/claims/message.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { startPostgres } from '../../../tools/devnet/postgres.ts'
import { crashDatabase, dropConnections } from '../../simulation/faults/database.ts'
import { findDisorder, readLedger } from '../../support/claimLedger.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { relayer, relayOn, resultOf, signedRequestOf, until } from './claimsOnChain.ts'

const signers = [relayer, accountOf(12)]

/** Three replicas with two keys, and their own PostgreSQL server, which may crash. */
let chain: TestChain & { databaseUrl: string }
let people: Participants
let agent: Agent
let replicas: Relay[]

beforeAll(async () => {
  const [market, postgres] = await Promise.all([startTestChain(), startPostgres()])
  chain = { ...market, databaseUrl: await postgres.createDatabase() }
  people = participantsOf(chain)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  replicas = await Promise.all([1, 2, 3].map(() => relayOn(chain, { accounts: signers })))
  return async () => {
    await Promise.all(replicas.map((relay) => relay.close()))
    await chain.stop()
    await postgres.stop()
  }
}, 60_000)

/** Claims of new runs, with the wallet's signature, so that either key can send them. */
async function claimsOf(count: number): Promise<ClaimRequest[]> {
  const runIds = await Promise.all(Array.from({ length: count }, () => people.openRun(usdc)))
  return Promise.all(runIds.map((runId) => signedRequestOf(people, runId, agent)))
}

const byTurns = (turn: number) => replicas[turn % replicas.length] as Relay

/** Sends the claim to one replica after the other until one answers with the outcome. */
async function untilDecided(request: ClaimRequest, turn: number): Promise<string> {
  const result = await resultOf(byTurns(turn), request)
  if (result !== 'RELAY_UNAVAILABLE' && result !== 'signed' && result !== 'accepted') return result
  await sleep(100)
  return untilDecided(request, turn + 1)
}

const addresses = signers.map(({ address }) => address)

describe('two signers on three replicas', () => {
  it('claim concurrently, each replica with each key, and no nonce is lost or used twice', async () => {
    // One transaction may hold all claims of the first round; keys alternate, so the second round uses the other key.
    for (const wave of [await claimsOf(20), await claimsOf(20)]) {
      const results = await Promise.all(wave.map((request, turn) => resultOf(byTurns(turn), request)))
      expect(results).toEqual(Array(20).fill('done'))
    }
    const ledger = await readLedger(chain, addresses)
    expect(findDisorder(ledger)).toEqual([])
    expect(Math.min(...ledger.nonces.map(({ latest }) => latest))).toBeGreaterThan(0)
  })

  it.each([
    ['loses its connections', dropConnections],
    ['crashes', crashDatabase],
  ])('lose no claim while the database %s', async (_, hurt) => {
    const requests = await claimsOf(24)
    // No block is mined before the database crashes: claims are signed and sent, and not mined.
    await chain.client.setAutomine(false)
    await chain.client.setIntervalMining({ interval: 0 })
    const results = requests.map((request, turn) => untilDecided(request, turn))
    await until('sent', async () => (await chain.client.getTxpoolStatus()).pending > 0)
    await hurt(chain.databaseUrl)
    await chain.client.setIntervalMining({ interval: 1 })
    expect(await Promise.all(results)).toEqual(Array(24).fill('done'))
    expect(findDisorder(await readLedger(chain, addresses))).toEqual([])
    await chain.client.setAutomine(true)
  })
})
