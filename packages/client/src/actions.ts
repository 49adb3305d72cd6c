import type { TrustedContracts } from './accountAction.ts'
import {
  type AnyAgent,
  agentOf,
  changeStake,
  type NewRun,
  type PostTerms,
  postRun,
  registerAgent,
} from './accountAction.ts'
import { actOnRun } from './action.ts'
import type { components } from './api.ts'
import { type ApplicationOptions, sendApplication } from './application.ts'
import { type ClaimOptions, claimRun } from './claim.ts'
import type { MarketAddress } from './claimMessage.ts'
import type { Contents, Named } from './content.ts'
import { callForRun, collectFor, type OpenCall } from './openCall.ts'
import type { AnyId } from './reads.ts'
import type { Api, CallOptions, OnRetry } from './request.ts'
import { type AnyRun, runOf } from './run.ts'
import type { MarketFunction, Mined, Wallet } from './transactions.ts'
import { type BySalt, type ByWallet, choose, type Made, type OpenVia, type Via } from './via.ts'
import { walletActions } from './walletActions.ts'

type Schemas = components['schemas']

/** What the actions of a client need. Each member throws if the caller has not named it. */
export type Connection = {
  api: Api
  content: Contents
  trustedMarket: () => MarketAddress
  trustedContracts: () => TrustedContracts
  connectedWallet: () => Wallet
  onRetry: OnRetry | undefined
}

type Asked = Omit<Parameters<typeof actOnRun>[2], 'run'>

/** The actions about runs. Each is a transaction of the wallet, or with `via: 'relay'` a signature that the API sends. */
export function runActionsOf(connection: Connection) {
  const { api, content, trustedMarket, trustedContracts, connectedWallet, onRetry } = connection
  const byWallet = (options: ByWallet) => walletActions(connectedWallet(), trustedMarket(), options)

  const act = async <By extends Via>(
    run: AnyRun,
    by: By | undefined,
    asked: Asked,
    functionName: MarketFunction,
    ...args: unknown[]
  ): Promise<Made<By, Schemas['Action']>> =>
    choose(
      by,
      connectedWallet,
      (options) => actOnRun(api, trustedMarket(), { ...asked, run: runOf(run) }, { onRetry, ...options }),
      (options) => byWallet(options).call(functionName, [BigInt(runOf(run).bountyId), ...args], asked.revision),
    )

  const end = async <By extends OpenVia>(
    id: AnyId,
    by: By | undefined,
    name: OpenCall,
    functionName: MarketFunction,
  ): Promise<Made<By, Schemas['Action']>> =>
    choose(
      by,
      connectedWallet,
      (options) => callForRun(api, name, String(id), { onRetry, ...options }),
      (options) => byWallet(options).call(functionName, [BigInt(id)]),
    )

  /** The terms with the URI of the brief, which is stored if it is given itself. */
  async function termsOf(run: NewRun, options?: CallOptions): Promise<PostTerms> {
    if ('ipfsHash' in run) return run
    const { brief, ...terms } = run
    return { ...terms, ipfsHash: await content.postBrief(brief, options) }
  }

  return {
    /** Posts a run: the poster pays reward and fee. A transaction also returns `bountyId`; the API answers the run. */
    async post<By extends BySalt = ByWallet>(
      run: NewRun,
      by?: By,
    ): Promise<Made<By, Schemas['Action'], Mined & { bountyId: bigint }>> {
      const terms = await termsOf(run, by)
      return choose(
        by,
        connectedWallet,
        (options) => postRun(api, trustedContracts(), terms, { onRetry, ...options }),
        (options) => byWallet(options).post(terms),
        ({ run }) => ({ bountyId: BigInt(run.bountyId) }),
      )
    },

    /** Creates a run that is a draft: `fund` escrows its reward and fee. By the wallet only. */
    create: async (run: NewRun, options: ByWallet = {}): Promise<Mined & { bountyId: bigint }> =>
      byWallet(options).create(await termsOf(run, options)),

    /** Escrows reward and fee of a draft, from its poster. By the wallet only. */
    fund: async (id: AnyId, options: ByWallet = {}): Promise<Mined> => byWallet(options).fund(BigInt(id)),

    /**
     * Names the only wallet that may claim an open run whose terms name one, from its poster. The zero address lets any wallet
     * claim, for good; the poster's own stands for none yet.
     */
    nameClaimant: <By extends Via = ByWallet>(run: AnyRun, claimant: string, by?: By) =>
      act(run, by, { action: 'name-claimant', claimant }, 'nameClaimant', claimant),

    /** Applies for a run whose poster names who may claim. @param note what the poster reads, as everyone can: at most 1,000 bytes. */
    apply: async (id: AnyId, note: string, options: ApplicationOptions): Promise<Schemas['Done']> =>
      sendApplication(api, trustedMarket(), id, note, options),

    /** Takes the agent's application back. */
    withdrawApplication: async (id: AnyId, options: ApplicationOptions): Promise<Schemas['Done']> =>
      sendApplication(api, trustedMarket(), id, undefined, options),

    /** Claims the run for the agent, and waits until that is decided. The API sends the claim. See `ClaimOptions`. */
    claim: async (run: AnyRun, claimOptions: ClaimOptions): Promise<Schemas['Claim']> =>
      claimRun(api, trustedMarket(), runOf(run), { onRetry, ...claimOptions }),

    /** Tells the poster that the work has begun, from the wallet that claimed the run. */
    start: <By extends Via = ByWallet>(run: AnyRun, by?: By) => act(run, by, { action: 'start' }, 'startWork'),

    /** Gives the run back until it is due, from the wallet that claimed it. Burns the claim's stake. */
    abandon: <By extends Via = ByWallet>(run: AnyRun, by?: By) => act(run, by, { action: 'abandon' }, 'abandonClaim'),

    /** Delivers, from the wallet that claimed the run. @param delivery a URI, or the content. */
    async submit<By extends Via = ByWallet>(run: AnyRun, delivery: Named, by?: By) {
      const text = await content.uriOf(delivery, by)
      return act(run, by, { action: 'submit', text }, 'submitWork', text)
    },

    /**
     * Approves a delivery and pays the agent, from the poster or the evaluator. The market refuses it if there is a later
     * delivery.
     * @param revision the delivery's: the run's `revisions` in SUBMITTED, one less in REVISION_REQUESTED.
     */
    approve: <By extends Via = ByWallet>(run: AnyRun, revision: number, by?: By) =>
      act(run, by, { action: 'approve', revision }, 'approveWork', revision),

    /**
     * Asks for a revision of a delivery, from the evaluator. Refused if there is a later one.
     * @param revision the delivery's, as of `approve`. @param feedback a URI, or the content.
     */
    async revise<By extends Via = ByWallet>(run: AnyRun, revision: number, feedback: Named, by?: By) {
      const text = await content.uriOf(feedback, by)
      return act(run, by, { action: 'revise', text, revision }, 'requestRevision', text)
    },

    /**
     * Rejects a delivery, from the evaluator; a poster that evaluates its own run only after the last revision. Refused if there is
     * a later one. @param revision the delivery's, as of `approve`.
     */
    reject: <By extends Via = ByWallet>(run: AnyRun, revision: number, by?: By) =>
      act(run, by, { action: 'reject', revision }, 'rejectWork'),

    /** Closes the run, from the poster: refunds it if it is open; during a claim, a lost claim ends in a refund. */
    close: <By extends Via = ByWallet>(run: AnyRun, by?: By) => act(run, by, { action: 'close' }, 'closeBounty'),

    /** Has work approved that was not reviewed in time. Anyone may, as with the following three. */
    finalize: <By extends OpenVia = ByWallet>(id: AnyId, by?: By) => end(id, by, 'finalize', 'finalizeReview'),

    /** Refunds the poster of an open run after its deadline. */
    expire: <By extends OpenVia = ByWallet>(id: AnyId, by?: By) => end(id, by, 'expire', 'expireBounty'),

    /** Burns the stake of a claim without work, after its time. */
    slash: <By extends OpenVia = ByWallet>(id: AnyId, by?: By) => end(id, by, 'slash', 'slashExpired'),

    /** Rejects a revision that did not come in time. */
    rejectOverdue: <By extends OpenVia = ByWallet>(id: AnyId, by?: By) =>
      end(id, by, 'reject-overdue', 'rejectOverdue'),

    /** Pays what the market owes to the address. Anyone may. */
    collect: async <By extends OpenVia = ByWallet>(payee: string, by?: By): Promise<Made<By, Schemas['Collection']>> =>
      choose(
        by,
        connectedWallet,
        (options) => collectFor(api, payee, { onRetry, ...options }),
        (options) => byWallet(options).call('collect', [payee]),
      ),
  }
}

/** The actions about agents: see `runActionsOf`. */
export function agentActionsOf({ api, trustedMarket, trustedContracts, connectedWallet, onRetry }: Connection) {
  const byWallet = (options: ByWallet) => walletActions(connectedWallet(), trustedMarket(), options)

  const change = async <By extends Via>(
    action: 'stake' | 'unstake',
    agent: AnyAgent,
    amount: bigint,
    by: By | undefined,
  ): Promise<Made<By, Schemas['AgentAction']>> =>
    choose(
      by,
      connectedWallet,
      (options) =>
        changeStake(api, trustedContracts(), action, { agent: agentOf(agent), amount }, { onRetry, ...options }),
      (options) => byWallet(options).changeStake(action, BigInt(agentOf(agent).id), amount),
    )

  return {
    /** Registers an agent, whose owner and wallet the account becomes. The API takes URIs of at most 256 bytes. */
    register: async <By extends BySalt = ByWallet>(
      agentURI: string,
      by?: By,
    ): Promise<Made<By, Schemas['AgentAction'], Mined & { agentId: bigint }>> =>
      choose(
        by,
        connectedWallet,
        (options) => registerAgent(api, trustedContracts(), agentURI, { onRetry, ...options }),
        (options) => byWallet(options).register(agentURI),
        ({ agent }) => ({ agentId: BigInt(agent.id) }),
      ),

    /**
     * Stakes USDC of the account for the agent, which the account owns, or whose owner is that of the agent that it has read.
     * @param amount USDC base units.
     */
    stake: <By extends BySalt = ByWallet>(agent: AnyAgent, amount: bigint, by?: By) =>
      change('stake', agent, amount, by),

    /** Pays stake to the agent's owner, from the owner or the wallet. @param amount USDC base units. */
    unstake: <By extends Via = ByWallet>(agent: AnyAgent, amount: bigint, by?: By) =>
      change('unstake', agent, amount, by),
  }
}
