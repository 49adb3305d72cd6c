import type { components, paths } from './api.ts'
import { isProblem, ProblemError, UndecidedError } from './errors.ts'
import type { ReadOptions } from './reads.ts'
import { type Api, bodyOf, type CallOptions, headersOf, type OnRetry, stoppedBy, wait } from './request.ts'
import { DECISION_TIMEOUT_SECONDS, type WaitOptions } from './untilDecided.ts'

type Schemas = components['schemas']

/** A request with a signature arrives within this time, or never. */
const ARRIVAL_MS = 60_000

const stateOf = (api: Api, actionId: string, options: CallOptions): Promise<Schemas['ActionState']> =>
  bodyOf(api.GET('/api/actions/{actionId}', { params: { path: { actionId } }, ...stoppedBy(options) }))
type MessagePath = Extract<keyof paths, `/api/messages/${string}`>
export type MessageName = MessagePath extends `/api/messages/${infer Name}` ? Name : never
type MessageOf<Name extends MessageName> = paths[`/api/messages/${Name}`]['get']
export type MessageQuery<Name extends MessageName> = MessageOf<Name>['parameters']['query']
export type Message<Name extends MessageName> = MessageOf<Name>['responses'][200]['content']['application/json']

/** Reads that the client of `/reads` leaves out, because a page loads them for nothing. */
export const recordsOf = (api: Api, onRetryOfClient: OnRetry | undefined) => ({
  actions: {
    /** The state of an action, or of a claim, from its signature to its final block. */
    get: (actionId: string, options: CallOptions = {}) => stateOf(api, actionId, options),

    /**
     * Waits until an action or a claim is mined, such as one that an `UndecidedError` names. @returns its state.
     * @throws ProblemError with the reason why it was refused; ACTION_NOT_FOUND if the API has no transaction of it after a minute.
     * UndecidedError at the timeout.
     */
    async wait(actionId: string, options: WaitOptions = {}): Promise<Schemas['ActionState']> {
      const { timeoutSeconds = DECISION_TIMEOUT_SECONDS, signal, onRetry = onRetryOfClient } = options
      const start = Date.now()
      for (;;) {
        const found = await stateOf(api, actionId, options).catch((error: unknown) => {
          // A request with its signature may not have arrived yet.
          if (isProblem(error, 'ACTION_NOT_FOUND') && Date.now() < start + ARRIVAL_MS) return undefined
          throw error
        })
        if (found?.problem) throw new ProblemError(found.problem, headersOf(found) ?? new Headers())
        if (found?.state === 'mined' || found?.state === 'final') return found
        const [request, reason] = [`The action ${actionId}`, `it is ${found?.state ?? 'not sent'}.`]
        if (Date.now() >= start + timeoutSeconds * 1_000) throw new UndecidedError(request, reason, actionId)
        onRetry?.({ request, reason, seconds: 1 })
        await wait(1, signal)
      }
    },
  },
  messages: {
    /**
     * What an account signs for the action, as the API states it, and the `calls` with which the account does it by itself: a
     * multisig, or a wallet of EIP-5792. Compare their `to` with the contracts that you trust.
     */
    get: <Name extends MessageName>(
      action: Name,
      query: MessageQuery<Name>,
      options: CallOptions = {},
    ): Promise<Message<Name>> => {
      const path = `/api/messages/${action}` as '/api/messages/start'
      const params = { query: query as MessageQuery<'start'> }
      return bodyOf(api.GET(path, { params, ...stoppedBy(options) })) as unknown as Promise<Message<Name>>
    },
  },
  posters: {
    /** The record of a poster: its runs by state, what they paid, how long its reviews took. */
    get: (address: string, query: ReadOptions = {}, options: CallOptions = {}): Promise<Schemas['Poster']> =>
      bodyOf(api.GET('/api/posters/{address}', { params: { path: { address }, query }, ...stoppedBy(options) })),
  },
})
