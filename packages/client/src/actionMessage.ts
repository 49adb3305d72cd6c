import { messageTypes } from '../../../core/market/messageTypes.ts'
import type { components } from './api.ts'
import type { MarketAddress } from './claimMessage.ts'
import { lastDeliveryOf, type ReadRun } from './run.ts'
import { asText, domainOf, type TypedData, typedDataOf } from './typedData.ts'

type Message = { typedData: components['schemas']['TypedData'] }

type ActionName = 'start' | 'submit' | 'abandon' | 'approve' | 'revise' | 'reject' | 'close' | 'name-claimant'

/** What the caller asked for. `signer` signs. A revision is that of the last delivery where it is absent. */
export type AskedAction = {
  action: ActionName
  run: ReadRun
  signer: string
  text?: string | undefined
  revision?: number | undefined
  claimant?: string | undefined
}

/** EIP-712 typed data of an action: see `TypedData`. */
export type ActionTypedData = TypedData

/** Signs actions: a viem account, or any object with these two members. */
export type ActionSigner = { address: string; signTypedData(typedData: ActionTypedData): Promise<string> }

/** Whether the poster or the evaluator signs the action, which is about the last delivery. */
export const isReview = (action: ActionName) => messageTypes[action].members.some(({ name }) => name === 'signer')

/**
 * The typed data of the action. From the API come the deadline, the number of a naming, and the round and the revision of a
 * run that the caller has not read: the contract refuses a signature of others than the run's.
 * @throws UnexpectedMessageError if the API's message differs, or is valid for more than an hour.
 */
export function actionTypedData(
  { typedData: asked }: Message,
  { action, run, signer, text, revision, claimant }: AskedAction,
  market: MarketAddress,
): ActionTypedData {
  const own = {
    bountyId: run.bountyId,
    wallet: signer,
    signer,
    poster: signer,
    round: run.round,
    revision: revision ?? (isReview(action) ? lastDeliveryOf(run) : run.revisions),
    deliverableHash: text,
    feedbackHash: text,
    claimant,
  }
  return typedDataOf(action, domainOf('BountyMarket', market.chainId, market.address), own, asked)
}

/** The members of the action's body beside the signature. */
export function actionBody({ message }: ActionTypedData): Record<string, string> {
  const { bountyId: _, ...own } = message
  return asText(own)
}
