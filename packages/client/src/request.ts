import createClient from 'openapi-fetch'
import type { paths } from './api.ts'
import { NoAnswerError, type Problem, ProblemError } from './errors.ts'

/** After this time without a complete answer, a request counts as lost. A claim waits 15 seconds for its block. */
const REQUEST_TIMEOUT_MS = 30_000

/** The most characters of another server's answer in an error. */
const MOST_QUOTED = 200

/** A pause before the same request is sent again. */
export type Retry = {
  /** Method and URL, or what waits. */
  request: string
  /** Why: the refusal's code and sentence, or what happened instead of an answer. */
  reason: string
  seconds: number
}

export type OnRetry = (retry: Retry) => void

export type RequestOptions = {
  /** The origin of the API, such as `https://api.example`. */
  url: string
  /** For how long reads are repeated. Seconds. */
  timeoutSeconds: number
  fetch: typeof fetch
  onRetry?: OnRetry | undefined
}

/** A query whose numbers and booleans need not be text. */
export type Given<Query> = {
  [Name in keyof Query]: Name extends 'claimable'
    ? Query[Name] | boolean
    : Name extends 'minReward' | 'claimedBy' | 'runId' | 'agentId'
      ? Query[Name] | bigint | number
      : Query[Name]
}

export type CallOptions = {
  /** Ends the call, and its repetitions, with the signal's reason. */
  signal?: AbortSignal | undefined
}

export const stoppedBy = ({ signal }: CallOptions) => (signal ? { signal } : {})

export type Api = ReturnType<typeof createApi>

/** What the API says in a refusal. */
export const sentenceOf = ({ code, detail }: Problem): string => `${code}: ${detail}`

/** Content is named by its hash, so that it is stored once. */
const isRepeatable = ({ method, url }: Request): boolean => method === 'GET' || url.endsWith('/api/content')

/** The routes of the API. A read is repeated until it is answered, or the timeout has passed. */
export const createApi = ({ url, timeoutSeconds, fetch, onRetry }: RequestOptions) =>
  createClient<paths>({
    baseUrl: url.replace(/\/$/, ''),
    fetch: (request) =>
      isRepeatable(request)
        ? repeat(fetch, request, Date.now() + timeoutSeconds * 1_000, onRetry)
        : send(fetch, request),
  })

const headers = new WeakMap<object, Headers>()

/**
 * The headers of an answer that this client has returned; undefined for any other object. `X-Indexed-Block` and
 * `X-Indexed-Hash` name the block that it is of; `X-Request-Id`, where no cache may keep the answer, is in the server's log, too.
 */
export const headersOf = (answer: object): Headers | undefined => headers.get(answer)

/** Remembers the headers of a body. */
export function withHeaders<Body>(body: Body, response: Response): Body {
  headers.set(body as object, response.headers)
  return body
}

export type Sent<Body> = Promise<{ data?: Body; error?: unknown; response: Response }>

/** The body of a success. @throws ProblemError with the refusal. */
export async function bodyOf<Body>(answer: Sent<Body>): Promise<Body> {
  const { data, error, response } = await answer
  if (data === undefined) throw new ProblemError(error as Problem, response.headers)
  return withHeaders(data, response)
}

/** Seconds until the same request may succeed. */
export const retryAfterOf = ({ headers }: Response): number => Number(headers.get('Retry-After')) || 1

/** Whether the same request may succeed later. An API that does not relay an action says so without `Retry-After`. */
export const isRetriable = ({ status, headers }: Response, code?: string): boolean =>
  status === 429 || (status >= 500 && (code !== 'RELAY_UNAVAILABLE' || headers.has('Retry-After')))

/** Resolves after so many seconds. @throws the signal's reason if it aborts, now or then. */
export async function wait(seconds: number, signal?: AbortSignal | null): Promise<void> {
  signal?.throwIfAborted()
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, seconds * 1_000)
    signal?.addEventListener('abort', end)
  })
  signal?.throwIfAborted()
}

/** @param until when the last repetition may begin. Milliseconds since 1970. */
async function repeat(
  fetch: typeof globalThis.fetch,
  request: Request,
  until: number,
  onRetry: OnRetry | undefined,
): Promise<Response> {
  for (;;) {
    const answer = await send(fetch, request).catch((error: unknown) => {
      if (error instanceof NoAnswerError) return error
      throw error
    })
    if (answer instanceof Response && answer.ok) return answer
    const { isFinal, seconds, reason } = await failureOf(answer)
    if (isFinal || Date.now() + seconds * 1_000 > until) {
      if (answer instanceof Response) return answer
      throw answer
    }
    onRetry?.({ request: `${request.method} ${request.url}`, reason, seconds })
    await wait(seconds, request.signal)
  }
}

/** Whether the same read would fail again, else after how many seconds it may succeed. */
async function failureOf(answer: Response | NoAnswerError) {
  if (answer instanceof NoAnswerError) return { isFinal: false, seconds: 1, reason: answer.message }
  const problem = (await answer.clone().json()) as Problem
  const isFinal = !isRetriable(answer, problem.code)
  return { isFinal, seconds: retryAfterOf(answer), reason: sentenceOf(problem) }
}

/**
 * Sends the request once, and reads the whole answer.
 * @throws NoAnswerError if no complete answer of the API arrives.
 */
async function send(fetch: typeof globalThis.fetch, request: Request): Promise<Response> {
  const name = `${request.method} ${request.url}`
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)])
  try {
    const response = await fetch(request.clone(), { signal })
    const text = await response.text()
    readJson(name, response, text)
    return new Response(text, response)
  } catch (error) {
    if (error instanceof NoAnswerError) throw error
    request.signal.throwIfAborted()
    throw new NoAnswerError(name, reasonOf(error), error)
  }
}

/**
 * The JSON of an answer. @throws NoAnswerError if it is not from the API: a proxy answers with a page, or with JSON of its own.
 * SyntaxError if a part of it is lost.
 */
export function readJson(name: string, { headers, status, ok }: Response, text: string) {
  if (!/^application\/(problem\+)?json/.test(headers.get('Content-Type') ?? '')) {
    throw new NoAnswerError(name, `the answer has status ${status} and is no JSON`)
  }
  const json = JSON.parse(text)
  if (ok || typeof json?.code === 'string') return json
  throw new NoAnswerError(name, `the answer has status ${status} and no code: ${text.slice(0, MOST_QUOTED)}`)
}

/** `fetch` says only that it failed; its cause has the reason. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : ''
  return cause === '' ? String(error) : `${error}: ${cause}`
}
