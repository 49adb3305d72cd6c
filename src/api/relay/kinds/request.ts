import type { Address, Hex } from 'viem'
import { type AccountMessage, accountActionNames } from '../../../../core/market/accountActions.ts'
import { type OpenCall, openRunCallNames } from '../../../../core/market/openCalls.ts'
import { type RunMessage, runActionNames } from '../../../../core/market/runActions.ts'
import type { Word } from '../chain/signatures.ts'
import { gasLimitOf } from '../chain/simulation.ts'
import { tooMuchGas } from '../refusal.ts'

/** The name of claims. */
export const CLAIM = 'claim'

/** The names of all actions that this build relays. */
export const actionNames = [CLAIM, ...runActionNames, ...accountActionNames, ...openRunCallNames, 'collect'] as const

/** A claim of a run for an agent. */
export type ClaimMessage = {
  action: 'claim'
  bountyId: bigint
  agentId: bigint
  /** The agent’s wallet. */
  party: Address
  /** Of the run. A request has none: it is for the round that the chain names. */
  round?: bigint
  /** Of the signature, in seconds; 0 without one. Then only a devnet's relayer may make the claim. */
  deadline: bigint
}

/** What a party signs, about a run, or about itself and its agents; or a call that anyone may ask for. */
export type Message = ClaimMessage | RunMessage | AccountMessage | OpenCall

/** An action as a request describes it: what its party signs, and the signature. */
export type ActionRequest<M extends Message = Message> = {
  /** The id of the HTTP request, for the log; absent if the action was read from the database. */
  requestId?: string
  message: M
  signature: Hex
}

/** Stands for the signature of a call that anyone may ask for, and of a claim without one. */
export const UNSIGNED: Hex = '0x'

/** `actionId`: what the message hashes to (EIP-712), so that every signature of it is of the same action. */
export type NamedAction<M extends Message = Message> = { actionId: Hex; request: ActionRequest<M> }

export const nameOf = ({ actionId, request }: NamedAction): NamedAction => ({ actionId, request })

/** The signature of a message with this digest. */
export const wordOf = (digest: Hex, { message, signature }: ActionRequest): Word => {
  return { digest, wallet: message.party, signature }
}

/** Claims differ from all others: parties compete for a run, and several share a transaction. */
export const isClaim = (request: ActionRequest): request is ActionRequest<ClaimMessage> =>
  request.message.action === CLAIM

/** What refusals call it. */
export const nounOf = ({ action }: Message) => (action === CLAIM ? 'claim' : 'action')

/** The agent of a claim, whose limits count it, too; null of another action. */
export const claimantOf = (message: Message): bigint | null => (message.action === 'claim' ? message.agentId : null)

/**
 * The gas limit of an action in a transaction of its own.
 * @param estimate the gas that the simulation used.
 * @param most what the relay pays for.
 * @throws Refusal ACTION_REVERTED, or CLAIM_REVERTED, if the action uses more gas than the relay pays for.
 */
export function gasLimit(message: Message, estimate: bigint, most: bigint): bigint {
  if (estimate > most) throw tooMuchGas(nounOf(message), most, estimate)
  return gasLimitOf(estimate, most)
}
