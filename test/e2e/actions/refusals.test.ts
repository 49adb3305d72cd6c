import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bodyOf, type RunMessage, runTypedData } from '../../../core/market/runActions.ts'
import type { ActionRequest } from '../../../src/api/relay/kinds/request.ts'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { sharedMarket, type TestMarket } from '../../support/market.ts'
import type { Participants } from '../../support/participants.ts'
import { claimApi, codeOf } from '../claims/claimApi.ts'
import { poster, type Runs, runsOn } from './runsInStates.ts'

let market: TestMarket
let runs: Runs
let people: Participants
let api: ReturnType<typeof claimApi>
let before: number

const sentByRelayer = () => market.client.getTransactionCount({ address: accountOf(roles.relayer).address })

beforeAll(async () => {
  market = await sharedMarket('unsigned')
  runs = await runsOn(market)
  people = runs.people
  api = claimApi(market.api.url)
  before = await sentByRelayer()
}, 120_000)

afterAll(async () => expect(await sentByRelayer()).toBe(before))

/** Asks what to sign at the chain's latest block. */
async function messageFor(action: string, runId: bigint, query = '') {
  const block = await market.client.getBlockNumber({ cacheTime: 0 })
  return api.get(`/api/messages/${action}?runId=${runId}&minBlock=${block}${query}`)
}

/** Sends an action that was signed without asking the API. */
const send = ({ message, signature }: ActionRequest<RunMessage>) =>
  api.post(`/api/runs/${message.bountyId}/${message.action}`, { ...bodyOf(message), signature })

describe('an action is refused, and costs no transaction:', () => {
  it('the signature of another account', async () => {
    const runId = await runs.runIn('CLAIMED')
    const { wallet } = runs.agent
    const ofStranger = await runs.messageOf('start', runId, accountOf(5).address)
    const named = await send(await runs.signed(ofStranger, accountOf(5)))
    expect(codeOf(named)).toEqual([403, 'SIGNER_MISMATCH'])
    expect(named.body).toMatchObject({ signer: accountOf(5).address, expected: [wallet.address] })
    const forged = await send(await runs.signed({ ...ofStranger, party: wallet.address }, accountOf(5)))
    expect(codeOf(forged)).toEqual([401, 'INVALID_SIGNATURE'])
    expect(forged.headers.get('WWW-Authenticate')).toBe(
      `EIP712 realm="runline", message="/api/messages/start?runId=${runId}"`,
    )
  })

  it('the message for an account that may not sign it, which names the account that may', async () => {
    const runId = await runs.runIn('CLAIMED')
    const stranger = accountOf(5).address
    const refused = await messageFor('submit', runId, `&deliverableHash=ipfs://w&signer=${stranger}`)
    expect(codeOf(refused)).toEqual([403, 'SIGNER_MISMATCH'])
    expect(refused.body.detail).toBe(`${stranger} has not claimed run ${runId}; ${runs.agent.wallet.address} has.`)
    const own = await messageFor('start', runId, `&signer=${runs.agent.wallet.address}`)
    expect([own.status, own.body.body.wallet]).toEqual([200, runs.agent.wallet.address])
  })

  it('a signature of another message: of the run’s other action, of another text, of another chain', async () => {
    const runId = await runs.runIn('CLAIMED')
    const { wallet } = runs.agent
    const start = await runs.messageOf('start', runId, wallet.address)
    const { signature } = await runs.signed(start, wallet)
    const submit = await runs.messageOf('submit', runId, wallet.address)
    expect(codeOf(await send({ message: submit, signature }))).toEqual([401, 'INVALID_SIGNATURE'])
    const own = await runs.signed(submit, wallet)
    const changed = { ...own, message: { ...submit, text: 'ipfs://worm' } }
    expect(codeOf(await send(changed))).toEqual([401, 'INVALID_SIGNATURE'])
    const elsewhere = runTypedData({ chainId: 8453, address: market.deployment.contracts.BountyMarket }, start)
    const foreign = await wallet.signTypedData(elsewhere as never)
    expect(codeOf(await send({ message: start, signature: foreign }))).toEqual([401, 'INVALID_SIGNATURE'])
  })

  it('an expired signature, and one that soon expires', async () => {
    const runId = await runs.runIn('CLAIMED')
    const { wallet } = runs.agent
    for (const deadline of [(await people.now()) - 1n, (await people.now()) + 5n]) {
      const message = await runs.messageOf('start', runId, wallet.address, { deadline })
      expect(codeOf(await send(await runs.signed(message, wallet)))).toEqual([401, 'SIGNATURE_EXPIRED'])
    }
  })

  it('a signature of an earlier round', async () => {
    const runId = await runs.runIn('REOPENED')
    const { wallet } = runs.agent
    const message = await runs.messageOf('start', runId, wallet.address, { round: 1n })
    const answer = await send(await runs.signed(message, wallet))
    expect(codeOf(answer)).toEqual([401, 'INVALID_SIGNATURE'])
    expect(answer.body.round).toBe(2)
  })

  it('a signature of an earlier revision', async () => {
    const runId = await runs.runIn('LAST_SUBMITTED')
    const signer = poster.address
    const message = await runs.messageOf('approve', runId, signer, { revision: 2n })
    const answer = await send(await runs.signed(message, poster))
    expect(codeOf(answer)).toEqual([409, 'WRONG_REVISION'])
    expect(answer.body).toMatchObject({ revision: 2, expected: 3 })
    await market.indexed()
    expect(codeOf(await messageFor('approve', runId, `&signer=${signer}&revision=2`))).toEqual([409, 'WRONG_REVISION'])
  })

  it('an action about a run that has moved on, or that does not exist', async () => {
    const runId = await runs.runIn('SUBMITTED')
    const { wallet } = runs.agent
    const answer = await send(await runs.signed(await runs.messageOf('start', runId, wallet.address), wallet))
    expect(codeOf(answer)).toEqual([409, 'WRONG_STATE'])
    expect(answer.body.state).toBe('SUBMITTED')
    const unknown = await runs.messageOf('start', 999_999n, wallet.address)
    expect(codeOf(await send(await runs.signed(unknown, wallet)))).toEqual([404, 'RUN_NOT_FOUND'])
    expect(codeOf(await messageFor('start', 999_999n))).toEqual([404, 'RUN_NOT_FOUND'])
    expect(codeOf(await messageFor('start', 2n ** 300n))).toEqual([404, 'RUN_NOT_FOUND'])
  })

  it('a body that is not the message’s', async () => {
    const runId = await runs.runIn('CLAIMED')
    const wallet = runs.agent.wallet.address
    const good = {
      wallet,
      round: 1,
      revision: 0,
      deliverableHash: 'ipfs://work',
      deadline: 4_000_000_000,
      signature: '0x12',
    }
    const fields = async (change: object) => {
      const { status, body } = await api.post(`/api/runs/${runId}/submit`, { ...good, ...change })
      return [status, body.field]
    }
    expect(await fields({ signature: undefined })).toEqual([400, 'signature'])
    expect(await fields({ signature: '0x' })).toEqual([400, 'signature'])
    expect(await fields({ wallet: '0x12' })).toEqual([400, 'wallet'])
    expect(await fields({ round: -1 })).toEqual([400, 'round'])
    expect(await fields({ round: 1.5 })).toEqual([400, 'round'])
    expect(await fields({ deadline: 'soon' })).toEqual([400, 'deadline'])
    expect(await fields({ deliverableHash: '' })).toEqual([400, 'deliverableHash'])
    expect(await fields({ deliverableHash: 'é'.repeat(65) })).toEqual([400, 'deliverableHash'])
    expect(await fields({ deliverableHash: 'a\0b' })).toEqual([400, 'deliverableHash'])
    expect(await fields({ deliverableHash: '\ud800' })).toEqual([400, 'deliverableHash'])
    expect(await fields({ more: 1 })).toEqual([400, 'more'])
  })

  it('a message of no action, and no cache keeps one', async () => {
    const runId = await runs.runIn('CLAIMED')
    expect(codeOf(await api.get(`/api/messages/steal?runId=${runId}`))).toEqual([404, 'ROUTE_NOT_FOUND'])
    const { status, headers } = await messageFor('start', runId)
    expect([status, headers.get('Cache-Control')]).toEqual([200, 'no-store'])
  })
})
