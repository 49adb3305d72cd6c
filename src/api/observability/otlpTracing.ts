import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Attributes,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  trace as traceApi,
} from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { routePath } from 'hono/route'
import type { Logger } from 'pino'
import { Problem, problemTypes } from '../http/errors.ts'
import { Refusal } from '../relay/refusal.ts'
import { createExporter } from './traceExporter.ts'
import type { Trace, Tracing } from './tracing.ts'

/** How long a span waits at most for others of its batch. */
const BATCH_DELAY_MS = 1_000

/** The most spans that wait for the collector, some 2 kB each. Further ones are dropped. */
const MAX_WAITING_SPANS = 8_192

/** How long the last export may take. The process ends soon after the relay is closed. */
const CLOSE_TIMEOUT_MS = 1_500

type Options = {
  /** The URL that takes traces by OTLP over HTTP. */
  collector: string
  /** The part of the traces that is recorded, from 0 to 1, where the request has no `traceparent` that decides. */
  ratio: number
  logger: Logger
}

/**
 * Starts to record traces, and exports them in the background. The server imports this module only if tracing is on,
 * because the SDK takes memory and time. Nothing is registered globally, so no async hook runs.
 */
export function startTracing({ collector, ratio, logger }: Options): Tracing {
  const exporter = createExporter(collector, logger)
  const batches = new BatchSpanProcessor({
    exporter,
    scheduledDelayMillis: BATCH_DELAY_MS,
    maxQueueSize: MAX_WAITING_SPANS,
  })
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'runline-api' }))
      .merge(detectResources({ detectors: [serviceInstanceIdDetector, envDetector] })),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [batches],
  })
  const tracer = provider.getTracer('runline')
  const propagator = new W3CTraceContextPropagator()

  function startRequest(method: string, headers: Headers) {
    // A malformed header is ignored, and the request starts a trace.
    const parent = propagator.extract(ROOT_CONTEXT, headers, fromHeaders)
    return tracer.startSpan(method, { kind: SpanKind.SERVER, attributes: { 'http.request.method': method } }, parent)
  }

  /** @param method and `route` are the name of the span: ids in paths must not multiply the names. */
  function endRequest(span: OtelSpan, method: string, route: string, status: number, more: Attributes) {
    span.updateName(`${method} ${route}`)
    span.setAttributes({ 'http.route': route, 'http.response.status_code': status, ...more })
    if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
    span.end()
  }

  function traceOf(span: OtelSpan): Trace {
    const context = traceApi.setSpan(ROOT_CONTEXT, span)
    const { traceId, spanId, traceFlags } = span.spanContext()
    return {
      traceId,
      traceparent: `00-${traceId}-${spanId}-0${traceFlags & 1}`,
      describe: (attributes) => void span.setAttributes(attributes),
      start(name, attributes) {
        const child = tracer.startSpan(name, { attributes }, context)
        return {
          end(failure) {
            if (failure !== undefined) child.setAttribute('error.type', failureType(failure))
            if (isFailure(failure)) child.setStatus({ code: SpanStatusCode.ERROR })
            child.end()
          },
        }
      },
    }
  }

  return {
    async middleware(c, next) {
      const { method } = c.req
      const span = startRequest(method, c.req.raw.headers)
      c.set('trace', traceOf(span))
      await next()
      const problem = c.get('problem')
      const more = { 'runline.request.id': c.get('requestId'), ...(problem && { 'error.type': problem }) }
      endRequest(span, method, c.get('cachedResponse')?.route ?? routePath(c), c.res.status, more)
    },
    async close() {
      // A failure is logged by the exporter.
      const flushed = provider.shutdown().catch(() => undefined)
      await Promise.race([flushed, sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })])
    },
  }
}

const fromHeaders: TextMapGetter<Headers> = {
  get: (headers, name) => headers.get(name) ?? undefined,
  keys: (headers) => [...headers.keys()],
}

/** Whether it is an error of this server or its parts, not a refusal of the request. */
const isFailure = (failure: unknown): boolean =>
  failure !== undefined && !(isRefusal(failure) && problemTypes[failure.code].status < 500)

const isRefusal = (failure: unknown) => failure instanceof Refusal || failure instanceof Problem

/** The failure without its message, which may contain what a client or a node sent. */
const failureType = (failure: unknown): string => {
  if (isRefusal(failure)) return failure.code
  return failure instanceof Error ? failure.name : typeof failure
}
