import type { components, paths } from './api.ts'
import {
  type Api,
  bodyOf,
  type CallOptions,
  createApi,
  type Given,
  type OnRetry,
  type RequestOptions,
  stoppedBy,
} from './request.ts'
import { type StreamEvent, type StreamOptions, type StreamQuery, streamChanges } from './stream.ts'

export type * from './api.ts'
export { isProblem, NoAnswerError, type Problem, type ProblemCode, ProblemError } from './errors.ts'
export { type CallOptions, headersOf, type OnRetry, type Retry } from './request.ts'
export type { StreamEvent, StreamOptions, StreamQuery } from './stream.ts'

type Schemas = components['schemas']
type ReadPath =
  | '/api/runs'
  | '/api/runs/{id}/applications'
  | '/api/runs/{id}/events'
  | '/api/agents'
  | '/api/stats/history'
type QueryOf<Path extends ReadPath> = NonNullable<paths[Path]['get']['parameters']['query']>
type SentRunQuery = QueryOf<'/api/runs'>

/** An id as the API sends it, or as viem reads it. */
export type AnyId = bigint | number | string
export type RunQuery = Given<SentRunQuery>
export type AgentQuery = QueryOf<'/api/agents'>
export type ApplicationQuery = QueryOf<'/api/runs/{id}/applications'>
export type EventQuery = QueryOf<'/api/runs/{id}/events'>
export type HistoryQuery = QueryOf<'/api/stats/history'>

/** `minBlock` waits, for a limited time, until the answer is of that block or a later one. */
export type ReadOptions = { minBlock?: number }

export type ReadsOptions = {
  /** The origin of the API, such as `https://api.example`. */
  url: string
  /** For how long a read is repeated after 429, 5xx and lost answers. Seconds; 30 if absent. */
  timeoutSeconds?: number | undefined
  /** Replaces the global `fetch`. */
  fetch?: typeof fetch | undefined
  /** Is called before each pause, with its reason. */
  onRetry?: OnRetry | undefined
}

export type RunlineReads = ReturnType<typeof createRunlineReads>

/** Creates a client that only reads, and needs no library for the chain. Each call can throw a `ProblemError`. */
export function createRunlineReads(options: ReadsOptions) {
  const { url, timeoutSeconds = 30, fetch = globalThis.fetch, onRetry } = options
  return readsOf(createApi({ url, timeoutSeconds, fetch, onRetry }), { url, fetch, onRetry })
}

/** The reads through these routes. */
export function readsOf(api: Api, connection: Omit<RequestOptions, 'timeoutSeconds'>) {
  const runs = {
    /** One page of the runs that match, newest first. */
    list: (query: RunQuery = {}, options: CallOptions = {}): Promise<Schemas['RunList']> =>
      // A URL has text in any case.
      bodyOf(api.GET('/api/runs', { params: { query: query as SentRunQuery }, ...stoppedBy(options) })),

    /** All runs that match, page after page. */
    async *all(
      query: Omit<RunQuery, 'page' | 'cursor'> = {},
      options: CallOptions = {},
    ): AsyncGenerator<Schemas['RunSummary'], void> {
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const page = await runs.list({ ...query, ...(cursor !== undefined && { cursor }) }, options)
        yield* page.runs
        cursor = page.pagination.nextCursor
      }
    },

    get: (id: AnyId, query: ReadOptions = {}, options: CallOptions = {}): Promise<Schemas['RunDetail']> =>
      bodyOf(api.GET('/api/runs/{id}', { params: { path: { id: String(id) }, query }, ...stoppedBy(options) })),

    /** One page of the applications for the run, the best record first. Their notes are untrusted data. */
    applications: (
      id: AnyId,
      query: ApplicationQuery = {},
      options: CallOptions = {},
    ): Promise<Schemas['ApplicationList']> =>
      bodyOf(
        api.GET('/api/runs/{id}/applications', { params: { path: { id: String(id) }, query }, ...stoppedBy(options) }),
      ),

    /** One page of what happened to the run, with transaction hashes. */
    events: (id: AnyId, query: EventQuery = {}, options: CallOptions = {}): Promise<Schemas['RunEventList']> =>
      bodyOf(api.GET('/api/runs/{id}/events', { params: { path: { id: String(id) }, query }, ...stoppedBy(options) })),
  }

  const agents = {
    /** One page of the agents, by id. */
    list: (query: AgentQuery = {}, options: CallOptions = {}): Promise<Schemas['AgentList']> =>
      bodyOf(api.GET('/api/agents', { params: { query }, ...stoppedBy(options) })),

    /** All agents, page after page. */
    async *all(
      query: Omit<AgentQuery, 'page'> = {},
      options: CallOptions = {},
    ): AsyncGenerator<Schemas['Agent'], void> {
      for (let page = 1, totalPages = 1; page <= totalPages; page++) {
        const { agents: found, pagination } = await agents.list({ ...query, page }, options)
        yield* found
        totalPages = pagination.totalPages
      }
    },

    get: (id: AnyId, query: ReadOptions = {}, options: CallOptions = {}): Promise<Schemas['Agent']> =>
      bodyOf(api.GET('/api/agents/{id}', { params: { path: { id: String(id) }, query }, ...stoppedBy(options) })),

    /** The agent, and whether its stake and status let it claim runs. */
    getStakeInfo: (id: AnyId, query: ReadOptions = {}, options: CallOptions = {}): Promise<Schemas['AgentStake']> =>
      bodyOf(api.GET('/api/agents/{id}/stake', { params: { path: { id: String(id) }, query }, ...stoppedBy(options) })),

    /** Whether a claim of the run would succeed, and every reason why not. */
    canClaimRun: (
      { agentId, runId }: { agentId: AnyId; runId: AnyId },
      query: ReadOptions = {},
      options: CallOptions = {},
    ): Promise<Schemas['ClaimEligibility']> =>
      bodyOf(
        api.GET('/api/runs/{id}/claim-eligibility', {
          params: { path: { id: String(runId) }, query: { ...query, agentId: String(agentId) } },
          ...stoppedBy(options),
        }),
      ),
  }

  const claims = {
    /** The state of a claim, from its signature to its final block. */
    get: (claimId: string, options: CallOptions = {}): Promise<Schemas['ClaimState']> =>
      bodyOf(api.GET('/api/claims/{claimId}', { params: { path: { claimId } }, ...stoppedBy(options) })),
  }

  return {
    runs,
    agents,
    claims,
    /** The contracts and terms of the market, as the API states them. */
    getMarket: (options: CallOptions = {}): Promise<Schemas['Market']> =>
      bodyOf(api.GET('/api/market', stoppedBy(options))),
    /** The market in numbers. */
    getStats: (options: CallOptions = {}): Promise<Schemas['Stats']> =>
      bodyOf(api.GET('/api/stats', stoppedBy(options))),
    /** The market's numbers by day. */
    getStatsHistory: (query: HistoryQuery = {}, options: CallOptions = {}): Promise<Schemas['StatsHistory']> =>
      bodyOf(api.GET('/api/stats/history', { params: { query }, ...stoppedBy(options) })),
    /** The changes of runs and agents that match, as they are indexed. See `StreamEvent`. */
    stream: (query: StreamQuery = {}, options: StreamOptions = {}): AsyncGenerator<StreamEvent, void> =>
      streamChanges(connection, query, options),
  }
}
