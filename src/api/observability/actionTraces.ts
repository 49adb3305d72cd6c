import type { RelayEmitter } from '../relay/events.ts'
import type { ActionRequest } from '../relay/kinds/request.ts'
import { claimAttributes, TRANSACTION_HASH, type Trace } from './tracing.ts'

/** The traces of the actions that this process handles. The relay passes the request through all their steps. */
const traces = new WeakMap<ActionRequest, Trace>()

/** Has the steps of the action recorded in the trace of its HTTP request; not if tracing is off. */
export function traceAction(request: ActionRequest, trace: Trace | undefined): void {
  if (!trace) return
  traces.set(request, trace)
  trace.describe(attributesOf(request))
}

/** The id of the action's trace; undefined if it has none, or was read from the database. */
export const traceIdOf = (request: ActionRequest): string | undefined => traces.get(request)?.traceId

/** Records each step of an action as a span. Actions of a batch have the same span, each in its trace. */
export function recordSteps(events: RelayEmitter): void {
  events.on('actionStep', ({ step, requests, ended, txHash }) => {
    for (const request of requests) {
      const attributes = { ...attributesOf(request), ...(txHash && { [TRANSACTION_HASH]: txHash }) }
      const span = traces.get(request)?.start(step, attributes)
      if (span) ended.then(() => span.end(), span.end)
    }
  })
}

const attributesOf = ({ message }: ActionRequest) => (message.action === 'claim' ? claimAttributes(message) : {})
