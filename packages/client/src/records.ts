import type { components } from './api.ts'
import type { ReadOptions } from './reads.ts'
import { type Api, bodyOf, type CallOptions, stoppedBy } from './request.ts'

type Schemas = components['schemas']

/** Reads that the client of `/reads` leaves out, because a page loads them for nothing. */
export const recordsOf = (api: Api) => ({
  actions: {
    /** The state of an action, or of a claim, from its signature to its final block. */
    get: (actionId: string, options: CallOptions = {}): Promise<Schemas['ActionState']> =>
      bodyOf(api.GET('/api/actions/{actionId}', { params: { path: { actionId } }, ...stoppedBy(options) })),
  },
  posters: {
    /** The record of a poster: its runs by state, what they paid, how long its reviews took. */
    get: (address: string, query: ReadOptions = {}, options: CallOptions = {}): Promise<Schemas['Poster']> =>
      bodyOf(api.GET('/api/posters/{address}', { params: { path: { address }, query }, ...stoppedBy(options) })),
  },
})
