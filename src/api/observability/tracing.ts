import type { Attributes } from '@opentelemetry/api'
import type { MiddlewareHandler } from 'hono'

/** The trace of a request. It is found by the request, because a claim leaves its async context in a batch. */
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
type Span = { end: (failure?: unknown) => void }

/** The traces of this process. This module does not load the SDK: see `otlpTracing.ts`. */
export type Tracing = {
  /** Records a request. */
  middleware: MiddlewareHandler
  /** Exports what is recorded, within a timeout. */
  close: () => Promise<void>
}

declare module 'hono' {
  interface ContextVariableMap {
    /** Absent if tracing is off. */
    trace?: Trace
  }
}

/** The attribute for the transaction of a claim. Claims of a batch have the same. */
export const TRANSACTION_HASH = 'runline.transaction.hash'

/** The attributes that a claim's spans share. None contains a signature. */
export const claimAttributes = ({ bountyId, agentId }: { bountyId: bigint; agentId: bigint }): Attributes => ({
  'runline.bounty.id': `${bountyId}`,
  'runline.agent.id': `${agentId}`,
})

/** Runs `work` in a span of the trace. Without tracing it only runs `work`. */
export async function inSpan<T>(
  trace: Trace | undefined,
  name: string,
  attributes: Attributes,
  work: () => Promise<T>,
): Promise<T> {
  const span = trace?.start(name, attributes)
  try {
    const result = await work()
    span?.end()
    return result
  } catch (error) {
    span?.end(error)
    throw error
  }
}
