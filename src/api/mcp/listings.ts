import { LRUCache } from 'lru-cache'

/** How many different requests for the list are kept: clients differ by protocol and by what they say of themselves. */
const MAX_LISTINGS = 32

/** The headers by which the answer may differ. */
const headerNames = ['accept', 'content-type', 'mcp-protocol-version', 'mcp-method', 'mcp-name', 'mcp-session-id']

/** Stands for the caller's id in the answer that is kept. */
const PLACEHOLDER = '5d7a2c0e-listing'

/** A JSON-RPC request for the list of the tools. */
export type Listing = { id: string | number; method: 'tools/list' }

/** The text of an answer around the caller's id. */
type Answer = { before: string; after: string; headers: Headers }

export const isListing = (message: unknown): message is Listing => {
  const { id, method } = (message ?? {}) as Partial<Listing>
  return method === 'tools/list' && (typeof id === 'string' || typeof id === 'number')
}

/**
 * Answers requests for the list of the tools. It has some 10 kB and never changes, so its text is kept: the server makes
 * it for the first caller, and all others differ by the id of their request only.
 */
export function createListings() {
  const known = new LRUCache<string, Answer>({ max: MAX_LISTINGS })

  async function make(message: Listing, ask: (message: Listing) => Promise<Response>): Promise<Answer | undefined> {
    const response = await ask({ ...message, id: PLACEHOLDER })
    const [before, after, ...more] = (await response.text()).split(JSON.stringify(PLACEHOLDER))
    if (response.status !== 200 || before === undefined || after === undefined || more.length > 0) return undefined
    return { before, after, headers: response.headers }
  }

  /** @param ask lets the server answer. A refusal is asked for again, with the caller's id. */
  return async (
    request: Request,
    message: Listing,
    ask: (message: Listing) => Promise<Response>,
  ): Promise<Response> => {
    const key = JSON.stringify([...headerNames.map((name) => request.headers.get(name)), { ...message, id: null }])
    const answer = known.get(key) ?? (await make(message, ask))
    if (answer === undefined) return ask(message)
    known.set(key, answer)
    const { before, after, headers } = answer
    return new Response(`${before}${JSON.stringify(message.id)}${after}`, { headers })
  }
}
