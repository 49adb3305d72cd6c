import type { Attributes } from '@opentelemetry/api'
import type { MiddlewareHandler } from 'hono'

/** The trace of a request. It is passed with the claim, because a claim leaves the request's async context in a batch. */
export type Trace = {
  traceId: string
  /** The W3C header for requests that are made for this one. */
  traceparent: string
  /** Adds attributes to the request's span. */
  describe: (attributes: Attributes) => void
  /** Starts a span below the request's. */
  start: (name: string, attributes: Attributes) => Span
}

/** `end` takes the reason of a failure. */
export type Span = { end: (failure?: unknown) => void }

/** The traces of this process. This module does not load the SDK: see `otlpTracing.ts`. */
export type Tracing = {
  /** Records a request that is routed. */
  middleware: MiddlewareHandler
  /** Records a GET that was answered from the cache before routing. */
  recordCached: (request: CachedRequest) => void
  /** Exports what is recorded, within a timeout. */
  close: () => Promise<void>
}

/** `start` by `performance.now()`. */
type CachedRequest = { headers: Headers; requestId: string; route: string; status: number; start: number }

declare module 'hono' {
  interface ContextVariableMap {
    /** Absent if tracing is off. */
    trace?: Trace
  }
}

/** A claim as its request describes it. */
type Claim = { bountyId: bigint; agentId: bigint; trace?: Trace }

/** The attribute for the transaction of a claim. Claims of a batch have the same. */
export const TRANSACTION_HASH = 'runline.transaction.hash'

/** The attributes that a claim's spans share. None contains a signature. */
export const claimAttributes = ({ bountyId, agentId }: Claim): Attributes => ({
  'runline.bounty.id': `${bountyId}`,
  'runline.agent.id': `${agentId}`,
})

/** Starts a span of the claim; undefined if tracing is off. */
export const startSpan = (name: string, claim: Claim, attributes?: Attributes): Span | undefined =>
  claim.trace?.start(name, { ...claimAttributes(claim), ...attributes })

/** Runs `work` for a claim, in a span of its trace. Without tracing it only runs `work`. */
export const inSpan = <T>(name: string, claim: Claim, work: () => Promise<T>, attributes?: Attributes): Promise<T> =>
  claim.trace ? inSpans(name, [claim], work, attributes) : work()

/** Runs `work` once for several claims, in a span of each claim's trace. */
export async function inSpans<T>(
  name: string,
  claims: readonly Claim[],
  work: () => Promise<T>,
  attributes?: Attributes,
): Promise<T> {
  const spans = claims.map((claim) => startSpan(name, claim, attributes))
  try {
    const result = await work()
    for (const span of spans) span?.end()
    return result
  } catch (error) {
    for (const span of spans) span?.end(error)
    throw error
  }
}
