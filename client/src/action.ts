import { type ActionName, type ActionSigner, type AskedAction, actionBody, actionTypedData } from './actionMessage.ts'
import type { components } from './api.ts'
import type { MarketAddress } from './claimMessage.ts'
import { NoAnswerError, type Problem, ProblemError, UndecidedActionError } from './errors.ts'
import { type Api, bodyOf, isRetriable, type OnRetry, retryAfterOf, wait } from './request.ts'

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

/** Where an action is after an answer that does not decide it. */
type Pending = { state: string; actionId?: string | undefined; seconds: number }

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
  const body = { ...actionBody(typedData), signature: await signer.signTypedData(typedData) }
  for (;;) {
    const answer = await post(api, action, runId, body, signal)
    if ('success' in answer) return answer
    const { seconds, state, actionId } = answer
    if (Date.now() + seconds * 1_000 > until) throw new UndecidedActionError(state, actionId)
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

/** Sends the action once. @throws ProblemError if it is refused. */
async function post(
  api: Api,
  action: ActionName,
  runId: string,
  body: Record<string, string>,
  signal: AbortSignal | undefined,
): Promise<Action | Pending> {
  try {
    const { data, error, response } = await api.POST(`/api/runs/{id}/${action}` as '/api/runs/{id}/start', {
      params: { path: { id: runId } },
      body: body as components['schemas']['StartRequest'],
      ...(signal && { signal }),
    })
    const seconds = retryAfterOf(response)
    if (data?.success === true) return data
    if (data) return { state: data.status, actionId: data.actionId, seconds }
    const problem = error as Problem
    if (!isRetriable(response)) throw new ProblemError(problem)
    return { state: problem.code, seconds }
  } catch (error) {
    if (error instanceof NoAnswerError) return { state: error.message, seconds: 1 }
    throw error
  }
}
