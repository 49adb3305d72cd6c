import type { Hex } from 'viem'
import {
  type AccountActionName,
  accountActions,
  accountTypedData,
  readAccountMessage,
} from '../../../core/market/accountActions.ts'
import type { components } from './api.ts'
import type { AnyId } from './reads.ts'
import { asText, integerOf, type TypedData, typedDataOf } from './typedData.ts'

type Message = { typedData: components['schemas']['TypedData'] }

/** The contracts that the caller trusts with its USDC, its stake and its agents. */
export type TrustedContracts = {
  chainId: number
  usdc: string
  /** Takes the payments of posts and stakes, each only for what it is for. Without it, the client signs none. */
  signedFunding?: string | undefined
  agentStaking: string
  agentRegistry: string
}

/**
 * The members of the action that the caller knows. Amounts in USDC base units; times in seconds. `salt`: 32 bytes, by which the
 * same terms are another action. `nonce` of an unstake: without it, the client signs that of the API.
 */
export type AskedOfAccount = { action: AccountActionName } & Record<string, AnyId | undefined>

/** What to sign, and the body without the signature. */
export type ToSign = { typedData: TypedData; body: Record<string, string> }

/**
 * What to sign for the action, and what to send. Contracts, terms, owner, amounts and salt come from the caller, and the nonce
 * of a payment is computed from them. From the API come the end of the validity, name and version of USDC's domain, and the
 * nonce of a withdrawal that the caller has not named: with wrong ones, the contracts refuse the signature.
 * @throws UnexpectedMessageError if the API's message differs, or is valid for more than an hour.
 */
export function accountToSign({ typedData: got }: Message, asked: AskedOfAccount, contracts: TrustedContracts): ToSign {
  const { action, ...known } = asked
  const { signedFunding } = contracts
  const isPayment = action === 'post' || action === 'stake'
  if (isPayment && !signedFunding) throw new Error(`The action ${action} needs the option contracts.signedFunding.`)
  const names = Object.keys(accountActions[action])
  const members = asText(Object.fromEntries(names.map((name) => [name, known[name] ?? integerOf(got, name)])))
  const trusted = {
    USDC: contracts.usdc as Hex,
    SignedFunding: signedFunding as Hex,
    AgentStaking: contracts.agentStaking as Hex,
    AgentRegistry: contracts.agentRegistry as Hex,
  }
  const { name, version } = got.domain
  const signedFor = { chainId: contracts.chainId, contracts: trusted, usdcDomain: { name, version } }
  const own = accountTypedData(signedFor, readAccountMessage(action, members))
  const { agentId: _, ...body } = members
  return { typedData: typedDataOf(action, own.domain, own.message, got), body }
}
