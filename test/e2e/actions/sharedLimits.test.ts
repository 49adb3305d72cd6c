import { setTimeout as sleep } from 'node:timers/promises'
import { type Hex, type LocalAccount, zeroHash } from 'viem'
import { toAccount } from 'viem/accounts'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openRunCall } from '../../../core/market/openCalls.ts'
import type { ActionOutcome } from '../../../src/api/relay/events.ts'
import { UNSIGNED } from '../../../src/api/relay/kinds/request.ts'
import { Refusal } from '../../../src/api/relay/refusal.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Agent, usdc } from '../../support/participants.ts'
import { relayer, relayOn, requestOf, resultOf as resultOfClaim, signedWith, until } from '../claims/claimsOnChain.ts'
import { asked, newAccount, registrationsOn } from './registrations.ts'
import { poster, type Runs, runsOn } from './runsInStates.ts'

/** Agrees with every signature (ERC-1271), and accepts tokens: both selectors have the same form. */
const AGREES: Hex = '0x60003560e01c60e01b60005260206000f3'
/** Loops until its gas is used up. */
const BURNS: Hex = '0x5b600056'

/** How long the slow key signs: less than the 5 s that it may. */
const SIGNING_MS = 1_500

/** Blocks are mined at once, or when a test mines them. */
let chain: TestChain
let runs: Runs
let relay: Relay
let registrations: ReturnType<typeof registrationsOn>
/** An account whose agent has claimed runs, and that becomes a contract. */
let wallet: LocalAccount

beforeAll(async () => {
  chain = await startTestChain({})
  runs = await runsOn(chain)
  wallet = runs.agent.wallet
  // Registrations have half of the unmined transactions: more than the limit of an account.
  relay = await relayOn({ ...chain, databaseUrl: await freshDatabase() }, { maxUnmined: 64 })
  registrations = registrationsOn(chain, relay.readContracts)
  return async () => {
    await relay.close()
    await chain.stop()
  }
}, 60_000)

afterEach(() => chain.client.setAutomine(true))

const pooled = async () => (await chain.client.getTxpoolStatus()).pending
const mine = () => chain.client.mine({ blocks: 1 })
const become = (bytecode: Hex, { address } = wallet) => chain.client.setCode({ address, bytecode })

/** The status of the outcome, or the code of the refusal. */
const resultOf = (outcome: Promise<ActionOutcome>): Promise<string> =>
  outcome.then(
    ({ status }) => status,
    (error) => {
      if (error instanceof Refusal) return error.code
      throw error
    },
  )

const start = async (runId: bigint, milliseconds?: number) => {
  const message = await runs.messageOf('start', runId, wallet.address)
  return resultOf(relay.act({ message, signature: '0xc0ffee' }, asked(milliseconds)))
}

async function claim(runId: bigint, by: Agent, milliseconds?: number) {
  const deadline = (await runs.people.now()) + 600n
  return resultOfClaim(relay, signedWith(requestOf(runId, by), { deadline, signature: '0xc0ffee' }), milliseconds)
}

const register = async (milliseconds?: number) => {
  const { message } = await registrations.register(wallet)
  return resultOf(relay.act({ message, signature: '0xc0ffee' }, asked(milliseconds)))
}

describe('the limits of an account', () => {
  it('count its actions about runs and its claims with its others: those that are open, and those that revert', async () => {
    const open = await runs.runIn('OPEN')
    const [waiting = 0n, ...reverting] = await Promise.all(Array.from({ length: 4 }, () => runs.runIn('CLAIMED')))
    await become(AGREES)
    await chain.client.setAutomine(false)
    const registered = Array.from({ length: 8 }, () => register())
    await until('eight are sent', async () => (await pooled()) === 8, 20_000)
    expect([await start(waiting, 1_500), await claim(open, runs.agent, 1_500)]).toEqual(
      Array(2).fill('RELAY_UNAVAILABLE'),
    )
    expect(await pooled()).toBe(8)
    await mine()
    expect(await Promise.all(registered)).toEqual(Array(8).fill('done'))

    const started = reverting.map((runId) => start(runId))
    await until('three are sent', async () => (await pooled()) === 3)
    await become(BURNS)
    await mine()
    expect(await Promise.all(started)).toEqual(Array(3).fill('INVALID_SIGNATURE'))
    await become(AGREES)
    expect([await register(1_500), await claim(open, runs.agent, 1_500)]).toEqual(Array(2).fill('RATE_LIMITED'))
  })

  it('count the reverts of its claims, whatever the action is', async () => {
    const claimant = await runs.people.newAgent(accountOf(4), 1_000n * usdc)
    wallet = claimant.wallet
    const open = await Promise.all(Array.from({ length: 3 }, () => runs.runIn('OPEN')))
    const claimed = await runs.runIn('OPEN')
    await runs.people.mined(() => chain.market.write.claimBounty([claimed, claimant.id], { account: wallet.address }))
    await become(AGREES)
    await chain.client.setAutomine(false)
    const claims = open.map((runId) => claim(runId, claimant))
    await until('all are sent', async () => (await pooled()) === 3, 20_000)
    await become(BURNS)
    await mine()
    expect(await Promise.all(claims)).toEqual(Array(3).fill('INVALID_SIGNATURE'))
    await become(AGREES)
    expect([await start(claimed, 1_500), await register(1_500)]).toEqual(Array(2).fill('RATE_LIMITED'))
  })
})

describe('a key that signs slowly', () => {
  it('delays neither look-ups nor the keeper: actions of all kinds are made, in batches', {
    timeout: 60_000,
  }, async () => {
    const { people } = runs
    const slow = toAccount({
      ...relayer,
      async signTransaction(...transaction) {
        await sleep(SIGNING_MS)
        return relayer.signTransaction(...transaction)
      },
    })
    const overdue = await Promise.all(Array.from({ length: 10 }, () => people.openRun(usdc, 60n)))
    const open = await Promise.all(Array.from({ length: 10 }, () => people.openRun(usdc)))
    await chain.client.increaseTime({ seconds: 120 })
    await mine()
    const slowRelay = await relayOn(
      { ...chain, databaseUrl: await freshDatabase() },
      { accounts: [slow], maxUnmined: 1_000 },
    )
    const requests = await Promise.all(
      open.map(async (runId, place) => ({
        close: await runs.signed(await runs.messageOf('close', runId, poster.address), poster),
        registration: await registrations.register(newAccount()),
        call: openRunCall('expire', overdue[place] as bigint),
      })),
    )
    const lookUps: number[] = []
    const lookingUp = setInterval(async () => {
      const begun = performance.now()
      await slowRelay.find(zeroHash).catch(() => lookUps.push(Number.POSITIVE_INFINITY))
      lookUps.push(performance.now() - begun)
    }, 200)
    const results: Promise<string>[] = []
    for (const { close, registration, call } of requests) {
      results.push(resultOf(slowRelay.act(close, asked())))
      results.push(resultOf(slowRelay.act(registration, asked())))
      results.push(resultOf(slowRelay.act({ message: call, signature: UNSIGNED }, asked())))
      await sleep(150)
    }
    expect(await Promise.all(results)).toEqual(Array(30).fill('done'))
    clearInterval(lookingUp)
    expect(Math.max(...lookUps)).toBeLessThan(SIGNING_MS)
    await slowRelay.close()
  })
})
