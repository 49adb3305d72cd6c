import type { components } from './api.ts'
import { type Api, stoppedBy } from './request.ts'
import { untilDecided, type WaitOptions } from './untilDecided.ts'

type Schemas = components['schemas']

/** What anyone may do to a run whose time limit has passed. */
export type OpenCall = 'finalize' | 'expire' | 'slash' | 'reject-overdue'

/** Has the API send a call that anyone may make. @throws ProblemError with the refusal. UndecidedError at the timeout. */
export async function callForRun(
  api: Api,
  name: OpenCall,
  id: string,
  options: WaitOptions,
): Promise<Schemas['Action']> {
  // The paths differ by call, and the answers do not.
  const path = `/api/runs/{id}/${name}` as '/api/runs/{id}/finalize'
  const send = () => api.POST(path, { params: { path: { id } }, ...stoppedBy(options) })
  return untilDecided({ what: `The call ${name} of run ${id}` }, send, options)
}

/** Has the API send the payment of what the market owes to an account. */
export async function collectFor(api: Api, address: string, options: WaitOptions): Promise<Schemas['Collection']> {
  const params = { path: { address } }
  const send = () => api.POST('/api/payees/{address}/collect', { params, ...stoppedBy(options) })
  return untilDecided({ what: `The payment of ${address}` }, send, options)
}
