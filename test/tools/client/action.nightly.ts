import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { beforeAll, describe, expect, it } from 'vitest'
import { createRunlineClient, isProblem } from '../../../packages/client/src/index.ts'
import { poster, type Runs, runsOn } from '../../e2e/actions/runsInStates.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'

let market: TestMarket
let runs: Runs

beforeAll(async () => {
  market = await startTestMarket()
  runs = await runsOn(market)
  return market.stop
}, 120_000)

/** A client without a wallet. @param answer changes the JSON of each answer. */
function clientWith(answer: (path: string, body: never) => unknown = (_, body) => body) {
  const requests: string[] = []
  const client = createRunlineClient({
    url: market.api.url,
    market: { chainId: market.chainId, address: market.market.address },
    async fetch(input, init) {
      const { method, url } = input as Request
      requests.push(method)
      const response = await fetch(input, init)
      const { pathname } = new URL(url)
      return new Response(JSON.stringify(answer(pathname, (await response.json()) as never)), response)
    },
  })
  return { client, requests }
}

/** A signer that records whether it was asked. */
function signerOf(account: typeof runs.agent.wallet) {
  const signer = {
    address: account.address,
    signatures: 0,
    async signTypedData(typedData: object) {
      signer.signatures++
      return account.signTypedData(typedData as never)
    },
  }
  return signer
}

describe('the client acts by signatures', () => {
  it('from the start to the approval', { timeout: 60_000 }, async () => {
    const { client } = clientWith()
    const worker = { via: 'relay', signer: runs.agent.wallet } as const
    const runId = await runs.runIn('CLAIMED')
    await market.indexed()
    expect((await client.runs.start(runId, worker)).run.state).toBe('IN_PROGRESS')
    expect((await client.runs.submitWork(runId, 'ipfs://Work', worker)).run.deliverableHash).toBe('ipfs://Work')
    const revised = await client.runs.requestRevision(runId, 'ipfs://feedback', { via: 'relay', signer: poster })
    expect(revised.run.state).toBe('REVISION_REQUESTED')
    await client.runs.submitWork(runId, 'ipfs://second', worker)
    const early = await client.runs.approve(runId, 0, { via: 'relay', signer: poster }).catch((error: unknown) => error)
    expect(isProblem(early, 'WRONG_REVISION')).toBe(true)
    expect((await client.runs.approve(runId, 1, { via: 'relay', signer: poster })).run.state).toBe('APPROVED')
  })

  it('abandons, rejects and closes', { timeout: 60_000 }, async () => {
    const { client } = clientWith()
    const evaluator = privateKeyToAccount(generatePrivateKey())
    const claimed = await runs.runIn('CLAIMED')
    const submitted = await runs.runIn('SUBMITTED', evaluator.address)
    const open = await runs.runIn('OPEN')
    await market.indexed()
    expect((await client.runs.abandon(claimed, { via: 'relay', signer: runs.agent.wallet })).run.state).toBe('OPEN')
    expect((await client.runs.reject(submitted, { via: 'relay', signer: evaluator })).run.state).toBe('REJECTED')
    expect((await client.runs.close(open, { via: 'relay', signer: poster })).run.state).toBe('DRAFT')
  })
})

describe('the client signs nothing', () => {
  type Body = { typedData: { domain: Record<string, unknown>; message: Record<string, string> } }
  const stranger = privateKeyToAccount(generatePrivateKey()).address

  it.each([
    [
      'another market',
      ({ typedData }: Body) => ({ ...typedData, domain: { ...typedData.domain, verifyingContract: stranger } }),
    ],
    ['another chain', ({ typedData }: Body) => ({ ...typedData, domain: { ...typedData.domain, chainId: 1 } })],
    ...Object.entries({
      bountyId: '1',
      wallet: stranger,
      deliverableHash: 'ipfs://work',
      deadline: '9999999999',
    }).map(
      ([member, value]) =>
        [
          `another ${member}`,
          ({ typedData }: Body) => ({ ...typedData, message: { ...typedData.message, [member]: value } }),
        ] as const,
    ),
  ] as const)('where the API’s message is of %s', async (_, change) => {
    const runId = await runs.runIn('CLAIMED')
    await market.indexed()
    const signer = signerOf(runs.agent.wallet)
    const { client, requests } = clientWith((path, body) =>
      path.startsWith('/api/messages/') ? { ...(body as object), typedData: change(body) } : body,
    )
    await expect(client.runs.submitWork(runId, 'ipfs://Work', { via: 'relay', signer })).rejects.toThrow(
      'Nothing was signed',
    )
    expect([signer.signatures, requests.includes('POST')]).toEqual([0, false])
  })

  it('where the API’s message is of another revision than the approved one', async () => {
    const runId = await runs.runIn('SUBMITTED')
    await market.indexed()
    const signer = signerOf(poster)
    const { client } = clientWith((path, body: Body) => {
      if (path.startsWith('/api/messages/')) body.typedData.message.revision = '1'
      return body
    })
    await expect(client.runs.approve(runId, 0, { via: 'relay', signer })).rejects.toThrow('has revision 1, not 0')
    expect(signer.signatures).toBe(0)
  })
})
