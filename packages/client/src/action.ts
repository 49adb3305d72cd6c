import type { components } from './api.ts'
import type { MarketAddress } from './claimMessage.ts'
import { type Api, bodyOf, stoppedBy } from './request.ts'
import type { ReadRun } from './run.ts'
import { asText, digestOf, domainOf, type TypedData, typedDataOf } from './typedData.ts'
import { untilDecided, type WaitOptions } from './untilDecided.ts'

type Action = components['schemas']['Action']

type ActionName = 'start' | 'submit' | 'abandon' | 'approve' | 'revise' | 'reject' | 'close' | 'name-claimant'

/** What the caller asked for. `revision`: of the delivery that is reviewed. */
type AskedAction = {
  action: ActionName
  run: ReadRun
  text?: string | undefined
  revision?: number | undefined
  claimant?: string | undefined
}

/** EIP-712 typed data of an action: see `TypedData`. */
export type ActionTypedData = TypedData

/** Signs actions: a viem account, or any object with these two members. */
export type ActionSigner = { address: string; signTypedData(typedData: ActionTypedData): Promise<string> }

export type ActionOptions = WaitOptions & {
  /** The account that the action needs the signature of. */
  signer: ActionSigner
}

/**
 * Signs the action, sends it, and repeats it until it is decided. A repetition has the same signature, so it is the same
 * action for the API. From the API come the deadline, the number of a naming, and the round and the revision of a run that the
 * caller has not read: the contract refuses a signature of others than the run's.
 * @throws ProblemError with the refusal. UndecidedError at the timeout. UnexpectedMessageError before it signs another
 * message than the action, or one that is valid for more than an hour.
 */
export async function actOnRun(
  api: Api,
  market: MarketAddress,
  { action, run, text, revision, claimant }: AskedAction,
  { signer, ...options }: ActionOptions,
): Promise<Action> {
  const runId = String(run.bountyId)
  const { address } = signer
  const query = {
    runId,
    signer: address,
    ...(revision !== undefined && { revision: String(revision) }),
    ...(action === 'submit' && { deliverableHash: text }),
    ...(action === 'revise' && { feedbackHash: text }),
    ...(claimant && { claimant }),
  }
  // The paths and bodies differ by action, and the answers do not.
  const messagePath = `/api/messages/${action}` as '/api/messages/start'
  const message = await bodyOf(api.GET(messagePath, { params: { query }, ...stoppedBy(options) }))
  const own = {
    bountyId: run.bountyId,
    wallet: address,
    signer: address,
    poster: address,
    round: run.round,
    revision: revision ?? run.revisions,
    deliverableHash: text,
    feedbackHash: text,
    claimant,
  }
  const domain = domainOf('BountyMarket', market.chainId, market.address)
  const typedData = typedDataOf(action, domain, own, message.typedData)
  const { bountyId: _, ...members } = asText(typedData.message)
  const signed = { ...members, signature: await signer.signTypedData(typedData) } as unknown
  const body = signed as components['schemas']['StartRequest']
  const path = `/api/runs/{id}/${action}` as '/api/runs/{id}/start'
  const send = () => api.POST(path, { params: { path: { id: runId } }, body, ...stoppedBy(options) })
  const what = `The action ${action} of run ${runId}`
  return untilDecided({ what, actionId: digestOf(typedData) }, send, options)
}
