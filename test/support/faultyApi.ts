import { type Answer, startHttpProxy } from './httpProxy.ts'

/**
 * A fault of one request between client and API.
 * - `pass`: none.
 * - `refuse`: the connection breaks before the API gets the request.
 * - `lose`: the API gets the request, and its answer is lost.
 * - `cut`: half of the answer's body arrives.
 * - an object: the proxy answers with it.
 */
export type HttpFault =
  | 'pass'
  | 'refuse'
  | 'lose'
  | 'cut'
  | { status: number; headers?: Record<string, string>; body: string }

/** Marks an answer that is not the API's, so that it is not compared with the API's description. */
export const FAULT_HEADER = 'X-Fault'

/** Changes the JSON of an answer to a GET of this path. */
type Lie = (json: Record<string, unknown>, path: string) => object

export type FaultyApi = Awaited<ReturnType<typeof startFaultyApi>>

/** A proxy between client and API that applies one fault per request, in order; then all requests pass. */
export async function startFaultyApi(target: string) {
  const faults: HttpFault[] = []
  const requests: string[] = []
  let lie: Lie | undefined

  const marked = ({ headers, ...answer }: Answer): Answer => ({
    ...answer,
    headers: { ...headers, [FAULT_HEADER]: 'true' },
  })

  const proxy = await startHttpProxy(target, async ({ method, path }, forward) => {
    requests.push(`${method} ${path}`)
    const fault = faults.shift()
    if (fault === 'refuse') return 'close'
    if (typeof fault === 'object') return marked({ headers: {}, ...fault })
    const answer = await forward()
    if (fault === 'lose') return 'close'
    if (fault === 'cut') return { half: answer }
    if (!lie || method !== 'GET') return answer
    return marked({ ...answer, body: JSON.stringify(lie(JSON.parse(answer.body), path)) })
  })
  return {
    ...proxy,
    /** The faults of the next requests, in order. */
    faults,
    /** Method and path of every request. */
    requests,
    /** The lie of all answers from now on. */
    answerWith(next: Lie) {
      lie = next
    },
  }
}
