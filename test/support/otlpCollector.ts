import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A span as a collector gets it by OTLP in JSON. */
type CollectedSpan = {
  traceId: string
  spanId: string
  parentSpanId: string | undefined
  name: string
  isServer: boolean
  hasFailed: boolean
  /** Milliseconds since 1970. */
  startMs: number
  endMs: number
  attributes: Record<string, string | number>
}

type Value = { stringValue?: string; intValue?: number }
type Attribute = { key: string; value: Value }
type OtlpSpan = Pick<CollectedSpan, 'traceId' | 'spanId' | 'parentSpanId' | 'name'> & {
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  status: { code: number }
  attributes: Attribute[]
}
type OtlpBody = {
  resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: OtlpSpan[] }[] }[]
}

/** `SPAN_KIND_SERVER` and `STATUS_CODE_ERROR` of the OTLP specification. */
const SERVER = 2
const ERROR = 2

/** A span waits for its batch at most a second. */
const ARRIVAL_TIMEOUT_MS = 10_000

/** How the collector answers: `silent` not at all. */
type Behaviour = 'accept' | 'refuse' | 'silent'

/** A new trace of a client, and the header that names it. @param flags `01` if the client records it. */
export function newTrace(flags = '01') {
  const traceId = randomBytes(16).toString('hex')
  const spanId = randomBytes(8).toString('hex')
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-${flags}` } }
}

/** A collector of traces on a free port. */
export async function startCollector() {
  const spans: CollectedSpan[] = []
  const bodies: string[] = []
  const services = new Set<unknown>()
  let behaviour: Behaviour = 'accept'
  let requests = 0

  const server = createServer(async (request, response) => {
    const body = (await request.toArray()).join('')
    requests++
    if (behaviour === 'silent') return
    if (behaviour === 'refuse' || request.url !== '/v1/traces') return response.writeHead(400).end()
    bodies.push(body)
    for (const { resource, scopeSpans } of (JSON.parse(body) as OtlpBody).resourceSpans) {
      services.add(valuesOf(resource.attributes)['service.name'])
      spans.push(...scopeSpans.flatMap((scope) => scope.spans.map(collected)))
    }
    return response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  const spansOf = (traceId: string) => spans.filter((span) => span.traceId === traceId)

  return {
    /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
    url: `http://127.0.0.1:${port}`,
    spans,
    spansOf,
    /** Waits until the server's span of the trace has arrived. Its other spans end before. */
    async collected(traceId: string) {
      const deadline = performance.now() + ARRIVAL_TIMEOUT_MS
      while (!spansOf(traceId).some(({ isServer }) => isServer)) {
        if (performance.now() > deadline) throw new Error(`Trace ${traceId} has no span of the server`)
        await sleep(20)
      }
      return spansOf(traceId)
    },
    /** The accepted requests as they were sent. */
    bodies,
    services,
    requests: () => requests,
    behave(next: Behaviour) {
      behaviour = next
    },
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

const collected = (span: OtlpSpan): CollectedSpan => ({
  traceId: span.traceId,
  spanId: span.spanId,
  parentSpanId: span.parentSpanId || undefined,
  name: span.name,
  isServer: span.kind === SERVER,
  hasFailed: span.status.code === ERROR,
  startMs: Number(span.startTimeUnixNano) / 1e6,
  endMs: Number(span.endTimeUnixNano) / 1e6,
  attributes: valuesOf(span.attributes),
})

const valuesOf = (attributes: Attribute[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? Number.NaN]))
