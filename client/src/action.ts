import { type ActionSigner, type AskedAction, actionBody, actionTypedData } from './actionMessage.ts'
import type { components } from './api.ts'
import type { MarketAddress } from './claimMessage.ts'
import { UndecidedActionError } from './errors.ts'
import { outcomeOf } from './outcome.ts'
import { type Api, bodyOf, type OnRetry, wait } from './request.ts'

type Action = components['schemas']['Action']

export type ActionOptions = {
  /** The account that the action needs the signature of. */
  signer: ActionSigner
  /** How long to wait until the action is decided. Seconds; 300 if absent. */
  timeoutSeconds?: number | undefined
  /** Stops waiting. An action that was sent continues. */
  signal?: AbortSignal | undefined
  /** Is called before each pause, with what is waited for. The client's if absent. */
  onRetry?: OnRetry | undefined
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
  { signer, timeoutSeconds = 300, signal, onRetry }: ActionOptions,
): Promise<Action> {
  const until = Date.now() + timeoutSeconds * 1_000
  const { action, runId } = asked
  const message = await askMessage(api, { ...asked, signer: signer.address })
  const typedData = actionTypedData(message, { ...asked, signer: signer.address }, market)
  const signature = await signer.signTypedData(typedData)
  const body = { ...actionBody(typedData), signature } as unknown as components['schemas']['StartRequest']
  for (;;) {
    // The paths and bodies differ by action, and the answers do not.
    const path = `/api/runs/{id}/${action}` as '/api/runs/{id}/start'
    const params = { path: { id: runId } }
    const outcome = await outcomeOf(api.POST(path, { params, body, ...(signal && { signal }) }))
    if ('success' in outcome) return outcome
    const { seconds, state, answer } = outcome
    if (Date.now() + seconds * 1_000 > until) throw new UndecidedActionError(state, answer?.actionId)
    onRetry?.({ request: `The action ${action} of run ${runId}`, reason: state, seconds })
    await wait(seconds, signal)
  }
}

/** What to sign. The paths of the messages differ by action, and their answers do not. */
function askMessage(api: Api, { action, runId, signer, text, revision }: AskedAction) {
  const isReview = action === 'approve' || action === 'revise' || action === 'reject'
  const query = {
    runId,
    ...(isReview && { signer }),
    ...(isReview && revision !== undefined && { revision: String(revision) }),
    ...(action === 'submit' && { deliverableHash: text }),
    ...(action === 'revise' && { feedbackHash: text }),
  }
  return bodyOf(api.GET(`/api/messages/${action}` as '/api/messages/start', { params: { query } }))
}
