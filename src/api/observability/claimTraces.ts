import type { ClaimRequest } from '../relay/claims/chain/market.ts'
import type { RelayEmitter } from '../relay/events.ts'
import { claimAttributes, TRANSACTION_HASH, type Trace } from './tracing.ts'

/** The traces of the claims that this process handles. The relay passes the request through all steps of a claim. */
const traces = new WeakMap<ClaimRequest, Trace>()

/** Has the steps of the claim recorded in the trace of its HTTP request; not if tracing is off. */
export function traceClaim(request: ClaimRequest, trace: Trace | undefined): void {
  if (!trace) return
  traces.set(request, trace)
  trace.describe(claimAttributes(request))
}

/** The id of the claim's trace; undefined if it has none, or was read from the database. */
export const traceIdOf = (request: ClaimRequest): string | undefined => traces.get(request)?.traceId

/** Records each step of a claim as a span. Claims of a batch have the same span, each in its trace. */
export function recordClaimSteps(events: RelayEmitter): void {
  events.on('claimStep', ({ step, requests, ended, txHash }) => {
    for (const request of requests) {
      const attributes = { ...claimAttributes(request), ...(txHash && { [TRANSACTION_HASH]: txHash }) }
      const span = traces.get(request)?.start(step, attributes)
      if (span) ended.then(() => span.end(), span.end)
    }
  })
}
