import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { newTrace, startCollector } from '../../support/otlpCollector.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { claimApi } from './claimApi.ts'
import { until } from './claimsOnChain.ts'

const relayerKey = keyOf(roles.relayer)

/** Longer than a claim takes here, so that a claim that waited for an export would be seen. */
const EXPORT_TIMEOUT_MS = 3_000

let collector: Awaited<ReturnType<typeof startCollector>>
let market: TestMarket
let people: Participants
let agent: Agent
const lines: Record<string, unknown>[] = []

beforeAll(async () => {
  collector = await startCollector()
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_TIMEOUT: `${EXPORT_TIMEOUT_MS}` }
  market = await startTestMarket({ api: { env, onLine: (line) => void lines.push(JSON.parse(line)) } })
  people = participantsOf(market)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  await market.indexed()
}, 120_000)

afterAll(async () => {
  await market?.stop()
  await collector?.stop()
})

afterEach(() => collector.behave('accept'))

const read = (path: string, headers: Record<string, string>, origin = market.api.url) =>
  fetch(`${origin}${path}`, { headers })

describe('the trace of a read', () => {
  it('has its route, also where the cache answers, and no query', async () => {
    const { traceId, headers } = newTrace()
    for (const _ of [1, 2, 3, 4]) expect((await read('/api/runs?limit=7', headers)).status).toBe(200)
    await until('four spans', async () => collector.spansOf(traceId).length === 4)
    for (const { name, attributes } of collector.spansOf(traceId)) {
      expect(name).toBe('GET /api/runs')
      expect(Object.keys(attributes).toSorted()).toEqual([
        'http.request.method',
        'http.response.status_code',
        'http.route',
        'runline.request.id',
      ])
    }
    expect(collector.bodies.join()).not.toContain('limit=7')
  })

  it('is a part of that of the tool that reads', async () => {
    const { traceId, spanId, headers } = newTrace()
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'get_market', arguments: {} } }
    const response = await fetch(`${market.api.url}/mcp`, {
      method: 'POST',
      headers: { ...headers, 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' },
      body: JSON.stringify(call),
    })
    expect(response.status).toBe(200)
    await response.text()
    await until('two spans', async () => collector.spansOf(traceId).length === 2)
    const [tool] = collector.spansOf(traceId).filter(({ name }) => name === 'POST /mcp')
    const [inner] = collector.spansOf(traceId).filter(({ name }) => name === 'GET /api/market')
    expect([tool?.parentSpanId, inner?.parentSpanId]).toEqual([spanId, tool?.spanId])
  })

  it('is a part of that which the call of a tool names in _meta', async () => {
    const { traceId, spanId, headers } = newTrace()
    const params = { name: 'get_market', arguments: {}, _meta: headers }
    const response = await fetch(`${market.api.url}/mcp`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
    })
    expect(response.status).toBe(200)
    await response.text()
    await until('its span', async () => collector.spansOf(traceId).length === 1)
    expect(collector.spansOf(traceId)).toMatchObject([{ name: 'GET /api/market', parentSpanId: spanId }])
  })

  it.each([
    ['a trace of zeros', '00-00000000000000000000000000000000-0123456789abcdef-01'],
    ['a span of zeros', '00-0123456789abcdef0123456789abcdef-0000000000000000-01'],
    ['a version that is not allowed', 'ff-0123456789abcdef0123456789abcdef-0123456789abcdef-01'],
    ['no span', '00-0123456789abcdef0123456789abcdef-01'],
    ['four thousand digits', `00-${'1'.repeat(4_000)}-0123456789abcdef-01`],
  ])('begins with the request if its traceparent has %s', async (_, traceparent) => {
    const id = randomBytes(8).toString('hex')
    expect((await read('/api/runs', { traceparent, 'X-Request-Id': id })).status).toBe(200)
    const found = () => collector.spans.find(({ attributes }) => attributes['runline.request.id'] === id)
    await until('the span', async () => found() !== undefined)
    expect(found()?.parentSpanId).toBeUndefined()
    expect(traceparent).not.toContain(found()?.traceId)
  })

  it('is not recorded if its client does not record it, nor if it is a probe', async () => {
    const silent = newTrace('00')
    const probe = newTrace()
    const after = newTrace()
    await read('/api/runs', silent.headers)
    for (const path of ['/healthz', '/readyz']) await read(path, probe.headers)
    for (const path of ['/metrics', '/status']) await read(path, probe.headers, market.api.opsUrl)
    await read('/api/runs', after.headers)
    await collector.collected(after.traceId)
    expect([...collector.spansOf(silent.traceId), ...collector.spansOf(probe.traceId)]).toEqual([])
  })
})

/** The lines of the log about exports. */
const exportLines = () => lines.map(({ msg }) => String(msg)).filter((msg) => /export/.test(msg))

it.each(['refuse', 'silent'] as const)(
  'a collector that is down (%s) delays no claim, and is logged once',
  async (behaviour) => {
    const before = exportLines().length
    collector.behave(behaviour)
    const requests = collector.requests()
    while (collector.requests() < requests + 2) {
      const runId = await people.openRun(usdc)
      const signed = await people.sign(runId, agent)
      const start = performance.now()
      expect((await claimApi(market.api.url).claim(runId, agent, signed)).status).toBe(200)
      expect(performance.now() - start).toBeLessThan(EXPORT_TIMEOUT_MS)
    }
    const failure = 'cannot export traces, and drops them until the collector takes them'
    await until('the first line', async () => exportLines().length > before)
    expect(exportLines().slice(before)).toEqual([failure])
    collector.behave('accept')
    const { traceId, headers } = newTrace()
    await read('/api/runs', headers)
    await collector.collected(traceId)
    await until('the second line', async () => exportLines().length > before + 1)
    expect(exportLines().slice(before)).toEqual([failure, 'exports traces again'])
  },
)

it('a collector gets the last spans when the API stops, and does not keep it from ending', async () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }
  const stopped = async () => {
    const { traceId, headers } = newTrace()
    const other = await startApi({ ...market, port: 0, relayerKey, env })
    await read('/api/runs', headers, other.url)
    await other.stop()
    // Not killed: it ends within the ten seconds that it is given.
    expect(await other.part.ended).toBe('exited with code 0')
    return traceId
  }
  expect(collector.spansOf(await stopped())).toHaveLength(1)
  collector.behave('silent')
  expect(collector.spansOf(await stopped())).toEqual([])
})

it('settings choose the part that is recorded, the URL and the name of the service', async () => {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/v1/traces`,
    OTEL_TRACES_SAMPLER_ARG: '0',
    OTEL_SERVICE_NAME: 'named',
  }
  const other = await startApi({ ...market, port: 0, relayerKey, env })
  const { traceId, headers } = newTrace()
  await read('/api/runs', { 'X-Request-Id': 'not-recorded' }, other.url)
  await read('/api/runs', headers, other.url)
  await other.stop()
  expect(collector.spansOf(traceId)).toHaveLength(1)
  expect(collector.spans.filter(({ attributes }) => attributes['runline.request.id'] === 'not-recorded')).toEqual([])
  expect(collector.services).toContain('named')
})

it('without a collector, the API loads no SDK', async () => {
  /** Prints the packages of OpenTelemetry that the process loads. */
  const hook = `import { registerHooks } from 'node:module'
    registerHooks({ load(url, context, next) {
      const [, name] = url.match(/@opentelemetry\\/([^/]+)/) ?? []
      if (name) console.log('loads ' + name)
      return next(url, context)
    } })`
  const NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(hook)}`
  async function loaded(env: Record<string, string>) {
    const names = new Set<string>()
    const onLine = (line: string) => {
      if (line.startsWith('loads ')) names.add(line.slice('loads '.length))
    }
    const other = await startApi({ ...market, port: 0, relayerKey, env: { ...env, NODE_OPTIONS }, onLine })
    await read('/api/runs', newTrace().headers, other.url)
    await other.stop()
    return [...names]
  }
  // The metrics' library imports the API package, which does nothing by itself.
  expect(await loaded({})).toEqual(['api'])
  expect(await loaded({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })).toContain('sdk-trace')
})
