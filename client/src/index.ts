import { type AccountOptions, changeStake, type PostTerms, postRun, registerAgent } from './accountAction.ts'
import type { TrustedContracts } from './accountMessage.ts'
import { type ActionOptions, actOnRun } from './action.ts'
import type { components } from './api.ts'
import { type ClaimOptions, claimRun } from './claim.ts'
import type { MarketAddress } from './claimMessage.ts'
import { type AnyId, type ReadsOptions, readsOf } from './reads.ts'
import { createApi } from './request.ts'
import { callMarket, type MarketFunction, type Mined, stake, type Wallet } from './transactions.ts'

export type { AccountOptions, PostTerms } from './accountAction.ts'
export type { TrustedContracts } from './accountMessage.ts'
export type { ActionOptions } from './action.ts'
export type { ActionSigner, ActionTypedData } from './actionMessage.ts'
export type { ClaimOptions } from './claim.ts'
export type { ClaimTypedData, MarketAddress, Signer } from './claimMessage.ts'
export * from './errors.ts'
export * from './reads.ts'
export type { Mined, Wallet } from './transactions.ts'

export type RunlineOptions = ReadsOptions & {
  /**
   * The BountyMarket contract that the caller trusts. Claims and transactions need it: the client signs nothing for
   * another contract, whatever the API says.
   */
  market?: MarketAddress | undefined
  /** The other contracts that the caller trusts, on the same chain: posts, registrations and stakes by signature need them. */
  contracts?: Omit<TrustedContracts, 'chainId'> | undefined
  /** Sends the transactions: stake, delivery, review. A viem client with an account. */
  wallet?: Wallet | undefined
}

export type RunlineClient = ReturnType<typeof createRunlineClient>

/**
 * Creates a client of one market. Reads and claims go through the API, all else is a transaction of `wallet`. Every read
 * and claim can throw a `ProblemError` with the API's refusal; every transaction a `RevertError` with the contract's.
 */
export function createRunlineClient(options: RunlineOptions) {
  const { url, market, contracts, wallet, timeoutSeconds = 30, fetch = globalThis.fetch, onRetry } = options
  const api = createApi({ url, timeoutSeconds, fetch, onRetry })
  const reads = readsOf(api, { url, fetch })

  function trustedMarket(): MarketAddress {
    if (!market) throw new Error('The client needs the option market: the BountyMarket contract that it may sign for.')
    return market
  }

  function trustedContracts(): TrustedContracts {
    if (!contracts) throw new Error('The client needs the option contracts: those that it may sign for.')
    return { ...contracts, chainId: trustedMarket().chainId }
  }

  function connectedWallet(): Wallet {
    if (!wallet) throw new Error('The client needs the option wallet: a viem client with an account.')
    return wallet
  }

  const call = async (functionName: MarketFunction, ...args: unknown[]) =>
    callMarket(connectedWallet(), trustedMarket(), functionName, args)

  type Asked = Omit<Parameters<typeof actOnRun>[2], 'runId'>

  const act = async (id: AnyId, asked: Asked, actionOptions: ActionOptions): Promise<components['schemas']['Action']> =>
    actOnRun(api, trustedMarket(), { ...asked, runId: String(id) }, { onRetry, ...actionOptions })

  /** By a signature that the API sends: the signer needs no ether. Each waits until the action is decided. */
  const bySignature = {
    /** Posts a run. The signer pays the reward and the fee in USDC. */
    post: async (terms: PostTerms, options: AccountOptions): Promise<components['schemas']['Action']> =>
      postRun(api, trustedContracts(), terms, { onRetry, ...options }),

    /** Tells the poster that the work has begun. The wallet that claimed the run signs. */
    start: (id: AnyId, options: ActionOptions) => act(id, { action: 'start' }, options),

    /** Delivers. The wallet that claimed the run signs. */
    submitWork: (id: AnyId, deliverableHash: string, options: ActionOptions) =>
      act(id, { action: 'submit', text: deliverableHash }, options),

    /** Gives the run back, and burns the claim's stake. The wallet that claimed the run signs. */
    abandon: (id: AnyId, options: ActionOptions) => act(id, { action: 'abandon' }, options),

    /** Approves a delivery: see `runs.approve`. The poster or the evaluator signs. */
    approve: (id: AnyId, revision: number, options: ActionOptions) => act(id, { action: 'approve', revision }, options),

    /** Asks for a revision of the last delivery. The evaluator signs. */
    requestRevision: (id: AnyId, feedbackHash: string, options: ActionOptions) =>
      act(id, { action: 'revise', text: feedbackHash }, options),

    /** Rejects the last delivery: see `runs.reject`. The evaluator signs. */
    reject: (id: AnyId, options: ActionOptions) => act(id, { action: 'reject' }, options),

    /** Closes the run: see `runs.close`. The poster signs. */
    close: (id: AnyId, options: ActionOptions) => act(id, { action: 'close' }, options),
  }

  const runs = {
    ...reads.runs,

    bySignature,

    /** Claims the run for the agent, and waits until that is decided. See `ClaimOptions`. */
    claim: async (id: AnyId, claimOptions: ClaimOptions): Promise<components['schemas']['Claim']> =>
      claimRun(api, trustedMarket(), String(id), { onRetry, ...claimOptions }),

    /** Tells the poster that the work has begun, from the wallet that claimed the run. */
    start: (id: AnyId): Promise<Mined> => call('startWork', BigInt(id)),

    /** Gives the run back, from the wallet that claimed it. Burns the claim's stake. */
    abandon: (id: AnyId): Promise<Mined> => call('abandonClaim', BigInt(id)),

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

  type AgentAction = Promise<components['schemas']['AgentAction']>

  /** By a signature that the API sends: the signer needs no ether. @param amount USDC base units. */
  const agentsBySignature = {
    /** Registers an agent, whose owner and wallet is the signer. @param agentURI at most 256 bytes. */
    register: async (agentURI: string, options: AccountOptions): AgentAction =>
      registerAgent(api, trustedContracts(), agentURI, { onRetry, ...options }),

    /** Stakes USDC of the signer for the agent. */
    stake: async (id: AnyId, amount: bigint, options: AccountOptions): AgentAction =>
      changeStake(api, trustedContracts(), 'stake', { agentId: String(id), amount }, { onRetry, ...options }),

    /** Pays stake to the agent's owner. The agent's owner or wallet signs. */
    unstake: async (id: AnyId, amount: bigint, options: AccountOptions): AgentAction =>
      changeStake(api, trustedContracts(), 'unstake', { agentId: String(id), amount }, { onRetry, ...options }),
  }

  const agents = {
    ...reads.agents,

    bySignature: agentsBySignature,

    /** Stakes USDC of the wallet for the agent. @param amount USDC base units. */
    stake: async (id: AnyId, amount: bigint): Promise<Mined> =>
      stake(connectedWallet(), trustedMarket(), BigInt(id), amount),
  }

  return { ...reads, runs, agents }
}
