import { beforeAll, describe, expect, it } from 'vitest'
import { connect } from '../../../ops/database/connect.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { mineBlocks } from '../../../tools/devnet/mineBlocks.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Participants, participantsOf } from '../../support/participants.ts'
import { relayer, relayOn, until } from '../claims/claimsOnChain.ts'
import { asked, newAccount, registrationsOn } from './registrations.ts'

const stranger = accountOf(5)

let chain: TestChain
let people: Participants
let relay: Relay
let registrations: ReturnType<typeof registrationsOn>

beforeAll(async () => {
  chain = await startTestChain({})
  people = participantsOf(chain)
  relay = await relayOn({ ...chain, databaseUrl: await freshDatabase() })
  registrations = registrationsOn(chain, relay.readContracts)
  return async () => {
    await relay.close()
    await chain.stop()
  }
}, 60_000)

const nonce = () => chain.client.getTransactionCount({ address: relayer.address })
const agentsOf = (owner: { address: `0x${string}` }) => chain.registry.read.balanceOf([owner.address])

/** A database with the relay's schema. */
async function ownDatabase(): Promise<string> {
  const databaseUrl = await freshDatabase()
  await (await relayOn({ ...chain, databaseUrl })).close()
  return databaseUrl
}

describe('a registration that was sent anew because an unknown transaction had used its nonce', () => {
  it('is made once, although a reorg removes both', { timeout: 90_000 }, async () => {
    const databaseUrl = await ownDatabase()
    const owner = newAccount()
    const request = await registrations.register(owner, 3_600n)
    const parent = await chain.client.getBlockNumber()
    const before = await nonce()
    await registrations.storeUnsent(request, databaseUrl)
    await people.mined(() =>
      chain.client.sendTransaction({ to: stranger.address, account: relayer.address, chain: null }),
    )
    const next = await relayOn({ ...chain, databaseUrl })
    expect((await next.act(request, asked(40_000))).status).toBe('done')
    const depth = Number((await chain.client.getBlockNumber()) - parent)
    await chain.client.request({ method: 'anvil_reorg', params: [depth, []] } as never)
    expect([await nonce(), await agentsOf(owner)]).toEqual([before, 0n])
    // The nonce of the first transaction is used by a filler, and that of the second by the registration.
    await until('both nonces are used', async () => (await nonce()) === before + 2, 30_000)
    expect(await agentsOf(owner)).toBe(1n)
    await next.close()
  })
})

describe('a registration that is not sent before its deadline', () => {
  it('stops no later one of its signer, although the budget is nearly used', { timeout: 90_000 }, async () => {
    const databaseUrl = await ownDatabase()
    const [first, second] = [newAccount(), newAccount()]
    const before = await nonce()
    await registrations.storeUnsent(await registrations.register(first, 60n), databaseUrl)
    await registrations.storeUnsent(await registrations.register(second, 3_000n), databaseUrl)
    await using database = await connect(databaseUrl)
    const { rows } = await database.query('SELECT sum(gas * max_fee_per_gas) AS wei FROM relay.attempt')
    const dailyBudget = (BigInt(rows[0].wei) * 102n) / 100n
    await chain.client.increaseTime({ seconds: 200 })
    const mining = mineBlocks(chain.client, 1_000)
    const log: string[] = []
    const next = await relayOn({ ...chain, databaseUrl }, { dailyBudget }, log)
    await until('both nonces are used', async () => (await nonce()) === before + 2, 30_000)
    await mining.stop()
    expect([await agentsOf(first), await agentsOf(second)]).toEqual([0n, 1n])
    expect(log.filter((line) => line.includes('an unmined action can no longer succeed'))).toHaveLength(1)
    await next.close()
  })
})
