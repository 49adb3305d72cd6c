import { type ActionSigner, type AskedAction, actionBody, actionTypedData, isReview } from './actionMessage.ts'
import type { components } from './api.ts'
import type { MarketAddress } from './claimMessage.ts'
import { type Api, bodyOf, stoppedBy } from './request.ts'
import { untilDecided, type WaitOptions } from './untilDecided.ts'

type Action = components['schemas']['Action']

export type ActionOptions = WaitOptions & {
  /** The account that the action needs the signature of. */
  signer: ActionSigner
}

/**
 * Signs the action, sends it, and repeats it until it is decided. A repetition has the same signature, so it is the same
 * action for the API.
 * @throws ProblemError with the refusal. UndecidedActionError at the timeout. UnexpectedMessageError before it signs another
 * message than the action.
 */
export async function actOnRun(
  api: Api,
  market: MarketAddress,
  asked: Omit<AskedAction, 'signer'>,
  { signer, ...options }: ActionOptions,
): Promise<Action> {
  const { action, run } = asked
  const runId = String(run.bountyId)
  const message = await askMessage(api, { ...asked, signer: signer.address }, options)
  const typedData = actionTypedData(message, { ...asked, signer: signer.address }, market)
  const signature = await signer.signTypedData(typedData)
  const body = { ...actionBody(typedData), signature } as unknown as components['schemas']['StartRequest']
  // The paths and bodies differ by action, and the answers do not.
  const path = `/api/runs/{id}/${action}` as '/api/runs/{id}/start'
  const send = () => api.POST(path, { params: { path: { id: runId } }, body, ...stoppedBy(options) })
  return untilDecided(`The action ${action} of run ${runId}`, send, options)
}

/** What to sign. The paths of the messages differ by action, and their answers do not. */
function askMessage(api: Api, { action, run, signer, text, revision, claimant }: AskedAction, options: WaitOptions) {
  const query = {
    runId: String(run.bountyId),
    signer,
    ...(isReview(action) && revision !== undefined && { revision: String(revision) }),
    ...(action === 'submit' && { deliverableHash: text }),
    ...(action === 'revise' && { feedbackHash: text }),
    ...(claimant && { claimant }),
  }
  const path = `/api/messages/${action}` as '/api/messages/start'
  return bodyOf(api.GET(path, { params: { query }, ...stoppedBy(options) }))
}
