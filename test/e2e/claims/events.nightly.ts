import { EventEmitter } from 'node:events'
import pg from 'pg'
import { beforeAll, expect, it } from 'vitest'
import type { RelayEmitter, RelayEvents } from '../../../src/api/relay/events.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { contextOf, relayer, relayOn, requestOf, resultOf, until } from './claimsOnChain.ts'

let chain: TestChain
let people: Participants
let agent: Agent
let relay: Relay
let databaseUrl: string
const events: RelayEmitter = new EventEmitter()

/** The reported events, oldest first. */
const reported: { [Name in keyof RelayEvents]: { event: Name; what: RelayEvents[Name][0] } }[keyof RelayEvents][] = []

const listen = <Name extends keyof RelayEvents>(event: Name) =>
  events.on<Name>(event, ((what: RelayEvents[Name][0]) => reported.push({ event, what } as never)) as never)

beforeAll(async () => {
  const names = ['actionReceived', 'actionPlaced', 'actionSent', 'attemptSent', 'attemptMined'] as const
  for (const name of [...names, 'actionDecided', 'actionAnswered', 'actionReopened', 'actionFinal'] as const)
    listen(name)
  chain = await startTestChain({})
  people = participantsOf(chain)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  databaseUrl = await freshDatabase()
  relay = await relayOn({ ...chain, databaseUrl }, { events })
  return async () => {
    await relay.close()
    await chain.stop()
  }
}, 60_000)

it('events report a claim from its request to its final block', async () => {
  const runId = await people.openRun(usdc)
  const request = requestOf(runId, agent)
  const { actionId, txHash, round } = (await relay.act(request, contextOf(AbortSignal.timeout(5_000)))) as never
  const claim = { actionId, request: { ...request, message: { ...request.message, round } } }
  const attempt = { signer: relayer.address, nonce: expect.any(Number), txHash }
  await until('decided', async () => reported.some(({ event }) => event === 'actionDecided'))
  const receipt = await chain.client.getTransactionReceipt({ hash: txHash })
  const fee = receipt.gasUsed * receipt.effectiveGasPrice
  expect(reported).toEqual(
    expect.arrayContaining([
      { event: 'actionReceived', what: { request } },
      { event: 'actionPlaced', what: { ...claim, ...attempt } },
      { event: 'attemptSent', what: { ...attempt, result: 'accepted' } },
      { event: 'actionSent', what: { ...claim, ...attempt, result: 'accepted' } },
      {
        event: 'attemptMined',
        what: { ...attempt, kind: 'claim', actions: 1, filler: false, gasUsed: receipt.gasUsed, fee },
      },
      { event: 'actionDecided', what: { ...claim, txHash, outcome: 'done' } },
      {
        event: 'actionAnswered',
        what: { request, actionId, outcome: 'done', milliseconds: expect.any(Number) },
      },
    ]),
  )
  await chain.client.mine({ blocks: 70 })
  await until('final', async () => {
    // The relay asks the node for the finalized block at each new block, and once a second.
    await chain.client.mine({ blocks: 1 })
    return reported.some(({ event }) => event === 'actionFinal')
  })
  expect(reported.at(-1)).toEqual({ event: 'actionFinal', what: { ...claim, txHash, outcome: 'done' } })
})

it('an event reports a refusal, with its code', async () => {
  expect(await resultOf(relay, requestOf(999n, agent))).toBe('RUN_NOT_FOUND')
  expect(reported.at(-1)).toMatchObject({ event: 'actionAnswered', what: { outcome: 'RUN_NOT_FOUND' } })
})

it('decisions reach the other replicas through the database', async () => {
  const listener = new pg.Client({ connectionString: databaseUrl })
  const heard: (string | undefined)[] = []
  listener.on('notification', ({ payload }) => heard.push(payload))
  await listener.connect()
  await listener.query('LISTEN relay_claim')
  const runId = await people.openRun(usdc)
  const { actionId: claimId } = await relay.act(requestOf(runId, agent), contextOf(AbortSignal.timeout(5_000)))
  await until('heard', async () => heard.includes(claimId))
  await listener.end()
})

it('the relay reports the state of each signer', async () => {
  const runId = await people.openRun(usdc)
  await chain.client.setAutomine(false)
  expect(await resultOf(relay, requestOf(runId, agent), 500)).toBe('accepted')
  const [state] = await relay.signers()
  expect(state).toMatchObject({ signer: relayer.address, unmined: 1 })
  expect(state?.oldestUnmined).toBeGreaterThan(0.1)
  expect(state?.balance).toBe(await chain.client.getBalance({ address: relayer.address }))
  await chain.client.mine({ blocks: 1 })
  await until('mined', async () => (await relay.signers()).every(({ unmined }) => unmined === 0))
})
