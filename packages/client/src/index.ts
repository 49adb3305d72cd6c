import type { TrustedContracts } from './accountAction.ts'
import { agentActionsOf, type Connection, runActionsOf } from './actions.ts'
import type { MarketAddress } from './claimMessage.ts'
import { contentOf, withTexts } from './content.ts'
import { type ReadsOptions, readsOf } from './reads.ts'
import { recordsOf } from './records.ts'
import { createApi } from './request.ts'
import type { Wallet } from './transactions.ts'

export { createSalt } from '../../../core/market/salt.ts'
export { formatUsdc, usdc } from '../../../core/market/usdc.ts'
export type { AnyAgent, NewRun, PostTerms, ReadAgent, TrustedContracts } from './accountAction.ts'
export type { ActionSigner, ActionTypedData } from './action.ts'
export type { ApplicationOptions } from './application.ts'
export type { ClaimOptions } from './claim.ts'
export type { ClaimTypedData, ExpectedTerms, MarketAddress, Signer } from './claimMessage.ts'
export type { Named, NewContent, StoredContent } from './content.ts'
export * from './errors.ts'
export * from './reads.ts'
export type { Message, MessageName, MessageQuery } from './records.ts'
export type { AnyRun, ReadRun } from './run.ts'
export type { Mined, Wallet } from './transactions.ts'
export type { ByRelay, BySalt, ByWallet } from './via.ts'

export type RunlineOptions = ReadsOptions & {
  /**
   * The BountyMarket contract that the caller trusts. Claims and transactions need it: the client signs nothing for
   * another contract, whatever the API says.
   */
  market?: MarketAddress | undefined
  /** The other contracts that the caller trusts, on the same chain: posts, registrations and stakes by signature need them. */
  contracts?: Omit<TrustedContracts, 'chainId'> | undefined
  /** Sends the transactions: a viem client with an account. Actions with `via: 'relay'` need none. */
  wallet?: Wallet | undefined
}

export type RunlineClient = ReturnType<typeof createRunlineClient>

/**
 * Creates a client of one market. Reads and claims go through the API; each action is a transaction of `wallet`, or with `via:
 * 'relay'` a signature that the API sends. What the API answers can be a `ProblemError` with its refusal; a transaction can throw
 * a `RevertError` with the contract's.
 */
export function createRunlineClient(options: RunlineOptions) {
  const { url, market, contracts, wallet, timeoutSeconds = 30, fetch = globalThis.fetch, onRetry } = options
  const api = createApi({ url, timeoutSeconds, fetch: withTexts(fetch), onRetry })
  const reads = readsOf(api, { url, fetch, onRetry })

  function trustedMarket(): MarketAddress {
    if (!market) throw new Error('The client needs the option market: the BountyMarket contract that it may sign for.')
    return market
  }

  function trustedContracts(): TrustedContracts {
    if (!contracts) throw new Error('The client needs the option contracts: those that it may sign for.')
    return { ...contracts, chainId: trustedMarket().chainId }
  }

  function connectedWallet(): Wallet {
    if (!wallet) {
      throw new Error(
        'The client needs the option wallet, a viem client with an account, or via: "relay" and a signer.',
      )
    }
    return wallet
  }

  const content = contentOf(api)
  const connection: Connection = { api, content, trustedMarket, trustedContracts, connectedWallet, onRetry }
  return {
    ...reads,
    ...recordsOf(api, onRetry),
    content,
    runs: { ...reads.runs, ...runActionsOf(connection) },
    agents: { ...reads.agents, ...agentActionsOf(connection) },
  }
}
