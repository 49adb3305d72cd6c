import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { newTrace, startCollector } from '../../support/otlpCollector.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { claimApi } from './claimApi.ts'
import { until } from './claimsOnChain.ts'

const relayerKey = keyOf(roles.relayer)

/** The steps of a claim that meets no other, in their order. */
const steps = [
  'look up',
  'examine',
  'wait in the queue',
  'simulate',
  'sign and store',
  'broadcast',
  'wait for the result',
  'read the run',
]

let collector: Awaited<ReturnType<typeof startCollector>>
let market: TestMarket
let people: Participants
let api: ReturnType<typeof claimApi>
let agent: Agent
const lines: Record<string, unknown>[] = []

beforeAll(async () => {
  collector = await startCollector()
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }
  market = await startTestMarket({ api: { env, onLine: (line) => void lines.push(JSON.parse(line)) } })
  people = participantsOf(market)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  await market.indexed()
  api = claimApi(market.api.url)
}, 120_000)

afterAll(async () => {
  await market?.stop()
  await collector?.stop()
})

describe('the trace of a claim', () => {
  it('continues the client’s, has a span for each step, and names the transaction, but no signature', async () => {
    const runId = await people.openRun(usdc)
    const signed = await people.sign(runId, agent)
    const { traceId, spanId, headers } = newTrace()
    const named = { 'X-Request-Id': 'traced', 'Idempotency-Key': 'traced' }
    const { status, body } = await api.claim(runId, agent, signed, { ...headers, ...named })
    expect(status).toBe(200)
    const spans = await collector.collected(traceId)
    const [request] = spans.filter(({ isServer }) => isServer)
    const names = { 'runline.bounty.id': `${runId}`, 'runline.agent.id': `${agent.id}` }
    const transaction = { 'runline.transaction.hash': body.txHash }
    expect(request).toMatchObject({ name: 'POST /api/runs/:id/claim', parentSpanId: spanId, hasFailed: false })
    expect(request?.attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/api/runs/:id/claim',
      'http.response.status_code': 200,
      'runline.request.id': 'traced',
      ...names,
      ...transaction,
    })
    const children = spans.filter(({ isServer }) => !isServer)
    expect(children.map(({ name }) => name).toSorted()).toEqual(steps.toSorted())
    for (const child of children) expect(child).toMatchObject({ parentSpanId: request?.spanId, attributes: names })
    const withTransaction = children.filter(({ attributes }) => 'runline.transaction.hash' in attributes)
    expect(withTransaction.map(({ name }) => name).toSorted()).toEqual(['broadcast', 'wait for the result'])
    for (const { attributes } of withTransaction) expect(attributes).toEqual({ ...names, ...transaction })
    expect([...collector.services]).toEqual(['runline-api'])
    const exported = collector.bodies.join()
    for (const secret of [signed.signature, relayerKey]) expect(exported).not.toContain(secret.slice(2))
    expect(exported).not.toContain(market.rpcUrl)
  })

  it('has its id in the claim’s log lines, from the request to the final block', async () => {
    const runId = await people.openRun(usdc)
    const { traceId, headers } = newTrace()
    expect((await api.claim(runId, agent, await people.sign(runId, agent), headers)).status).toBe(200)
    await market.client.mine({ blocks: 70 })
    const traced = () => lines.filter((line) => line.traceId === traceId).map(({ msg }) => msg)
    await until('final', async () => traced().includes('claim final'))
    const messages = ['requested', 'placed', 'sent', 'decided', 'answered', 'final'].map((step) => `claim ${step}`)
    expect(traced().toSorted()).toEqual(messages.toSorted())
  })

  it('has the hash of the transaction that it shares with other claims', async () => {
    const runIds = await Promise.all(Array.from({ length: 12 }, () => people.openRun(usdc)))
    const claims = await Promise.all(
      runIds.map(async (runId) => ({ runId, trace: newTrace(), signed: await people.sign(runId, agent) })),
    )
    const answers = await Promise.all(
      claims.map(({ runId, trace, signed }) => api.claim(runId, agent, signed, trace.headers)),
    )
    expect(answers.map(({ status }) => status)).toEqual(claims.map(() => 200))
    const hashes = new Set<unknown>()
    for (const [place, { trace }] of claims.entries()) {
      const spans = await collector.collected(trace.traceId)
      const [broadcast, ...others] = spans.filter(({ name }) => name === 'broadcast')
      expect(others).toEqual([])
      expect(broadcast?.attributes['runline.transaction.hash']).toBe(answers[place]?.body.txHash)
      hashes.add(broadcast?.attributes['runline.transaction.hash'])
      expect(spans.filter(({ name }) => name === 'simulate').length).toBeGreaterThan(0)
    }
    expect(hashes.size).toBeLessThan(claims.length)
  })

  it('has the reason of a refusal, which is no failure of the server', async () => {
    const { traceId, headers } = newTrace()
    expect((await api.claim(1_000_000n, agent, {}, headers)).status).toBe(404)
    const spans = await collector.collected(traceId)
    expect(spans.map(({ name, hasFailed, attributes }) => [name, hasFailed, attributes['error.type']])).toEqual(
      expect.arrayContaining([
        ['examine', false, 'RUN_NOT_FOUND'],
        ['POST /api/runs/:id/claim', false, 'RUN_NOT_FOUND'],
      ]),
    )
  })
})
