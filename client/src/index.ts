import type { components, paths } from './api.ts'
import { type ClaimOptions, claimRun } from './claim.ts'
import type { MarketAddress } from './claimMessage.ts'
import { bodyOf, createApi, type Given, type RequestOptions } from './request.ts'
import { type StreamEvent, type StreamOptions, type StreamQuery, streamChanges } from './stream.ts'
import { callMarket, type MarketFunction, type Mined, stake, type Wallet } from './transactions.ts'

export type * from './api.ts'
export type { ClaimOptions } from './claim.ts'
export type { ClaimTypedData, MarketAddress, Signer } from './claimMessage.ts'
export * from './errors.ts'
export type { StreamEvent, StreamOptions, StreamQuery } from './stream.ts'
export type { Mined, Wallet } from './transactions.ts'

type Schemas = components['schemas']
type QueryOf<Path extends '/api/runs' | '/api/agents'> = NonNullable<paths[Path]['get']['parameters']['query']>
type SentRunQuery = QueryOf<'/api/runs'>

/** An id as the API sends it, or as viem reads it. */
export type AnyId = bigint | number | string
export type RunQuery = Given<SentRunQuery>
export type AgentQuery = QueryOf<'/api/agents'>

/** `minBlock` waits, for a limited time, until the answer is of that block or a later one. */
export type ReadOptions = { minBlock?: number }

export type RunlineOptions = {
  /** The origin of the API, such as `https://api.example`. */
  url: string
  /**
   * The BountyMarket contract that the caller trusts. Claims and transactions need it: the client signs nothing for
   * another contract, whatever the API says.
   */
  market?: MarketAddress | undefined
  /** Sends the transactions: stake, delivery, review. A viem client with an account. */
  wallet?: Wallet | undefined
  /** For how long a read is repeated after 429, 503 and lost answers. Seconds; 30 if absent. */
  timeoutSeconds?: number | undefined
  /** Replaces the global `fetch`. */
  fetch?: RequestOptions['fetch'] | undefined
}

export type RunlineClient = ReturnType<typeof createRunlineClient>

/**
 * Creates a client of one market. Reads and claims go through the API, all else is a transaction of `wallet`. Every read
 * and claim can throw a `ProblemError` with the API's refusal.
 */
export function createRunlineClient({
  url,
  market,
  wallet,
  timeoutSeconds = 30,
  fetch = globalThis.fetch,
}: RunlineOptions) {
  const api = createApi({ url, timeoutSeconds, fetch })

  function trustedMarket(): MarketAddress {
    if (!market) throw new Error('The client needs the option market: the BountyMarket contract that it may sign for.')
    return market
  }

  function connectedWallet(): Wallet {
    if (!wallet) throw new Error('The client needs the option wallet: a viem client with an account.')
    return wallet
  }

  const call = async (functionName: MarketFunction, ...args: unknown[]) =>
    callMarket(connectedWallet(), trustedMarket(), functionName, args)

  const runs = {
    /** One page of the runs that match, newest first. */
    list: (query: RunQuery = {}): Promise<Schemas['RunList']> =>
      // A URL has text in any case.
      bodyOf(api.GET('/api/runs', { params: { query: query as SentRunQuery } })),

    /** All runs that match, page after page. */
    async *all(query: Omit<RunQuery, 'page' | 'cursor'> = {}): AsyncGenerator<Schemas['RunSummary'], void> {
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const page = await runs.list({ ...query, ...(cursor !== undefined && { cursor }) })
        yield* page.runs
        cursor = page.pagination.nextCursor
      }
    },

    get: (id: AnyId, query: ReadOptions = {}): Promise<Schemas['Run']> =>
      bodyOf(api.GET('/api/runs/{id}', { params: { path: { id: String(id) }, query } })),

    /** Claims the run for the agent, and waits until that is decided. See `ClaimOptions`. */
    claim: async (id: AnyId, options: ClaimOptions): Promise<Schemas['Claim']> =>
      claimRun(api, trustedMarket(), String(id), options),

    /** Delivers, from the wallet that claimed the run. */
    submitWork: (id: AnyId, deliverableHash: string): Promise<Mined> => call('submitWork', BigInt(id), deliverableHash),

    /**
     * Approves a delivery and pays the agent, from the poster or the evaluator. The market refuses it if there is a later
     * delivery.
     * @param revision the delivery's: the run's `revisions` in SUBMITTED, one less in REVISION_REQUESTED.
     */
    approve: (id: AnyId, revision: number): Promise<Mined> => call('approveWork', BigInt(id), revision),

    /** Asks for a revision, from the evaluator. */
    requestRevision: (id: AnyId, feedbackHash: string): Promise<Mined> =>
      call('requestRevision', BigInt(id), feedbackHash),

    /** Rejects the delivery, from the evaluator; a poster that evaluates its own run only after the last revision. */
    reject: (id: AnyId): Promise<Mined> => call('rejectWork', BigInt(id)),

    /** Closes the run, from the poster: refunds it if it is open; during a claim, a lost claim ends in a refund. */
    close: (id: AnyId): Promise<Mined> => call('closeBounty', BigInt(id)),
  }

  const agents = {
    /** One page of the agents, by id. */
    list: (query: AgentQuery = {}): Promise<Schemas['AgentList']> =>
      bodyOf(api.GET('/api/agents', { params: { query } })),

    /** All agents, page after page. */
    async *all(query: Omit<AgentQuery, 'page'> = {}): AsyncGenerator<Schemas['Agent'], void> {
      for (let page = 1, totalPages = 1; page <= totalPages; page++) {
        const { agents: found, pagination } = await agents.list({ ...query, page })
        yield* found
        totalPages = pagination.totalPages
      }
    },

    get: (id: AnyId, query: ReadOptions = {}): Promise<Schemas['Agent']> =>
      bodyOf(api.GET('/api/agents/{id}', { params: { path: { id: String(id) }, query } })),

    /** The agent, and whether its stake and status let it claim runs. */
    getStakeInfo: (id: AnyId, query: ReadOptions = {}): Promise<Schemas['AgentStake']> =>
      bodyOf(api.GET('/api/agents/{id}/stake', { params: { path: { id: String(id) }, query } })),

    /** Whether a claim of the run would succeed, and every reason why not. */
    canClaimRun: (id: AnyId, runId: AnyId, query: ReadOptions = {}): Promise<Schemas['ClaimEligibility']> =>
      bodyOf(
        api.GET('/api/runs/{id}/claim-eligibility', {
          params: { path: { id: String(runId) }, query: { ...query, agentId: String(id) } },
        }),
      ),

    /** Stakes USDC of the wallet for the agent. @param amount USDC base units. */
    stake: async (id: AnyId, amount: bigint): Promise<Mined> =>
      stake(connectedWallet(), trustedMarket(), BigInt(id), amount),
  }

  return {
    runs,
    agents,
    /** The contracts and terms of the market, as the API states them. */
    getMarket: (): Promise<Schemas['Market']> => bodyOf(api.GET('/api/market')),
    /** The changes of runs and agents that match, as they are indexed. See `StreamEvent`. */
    stream: (query: StreamQuery = {}, options: StreamOptions = {}): AsyncGenerator<StreamEvent, void> =>
      streamChanges({ url, fetch }, query, options),
  }
}
