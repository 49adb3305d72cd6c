import { NoAnswerError, type Problem, ProblemError, UndecidedError } from './errors.ts'
import { isRetriable, type OnRetry, retryAfterOf, type Sent, sentenceOf, wait, withHeaders } from './request.ts'

/** How long a call waits if it does not say. */
export const DECISION_TIMEOUT_SECONDS = 300

export type WaitOptions = {
  /** How long to wait until the action is decided. Seconds; 300 if absent. */
  timeoutSeconds?: number | undefined
  /** Stops waiting. An action that was sent continues. */
  signal?: AbortSignal | undefined
  /** Is called before each pause, with what is waited for. The client's if absent. */
  onRetry?: OnRetry | undefined
}

/** A success of a request with a signature, or an answer that it is not decided yet. */
type Answer = { success: true } | { success: false; status: string; actionId?: string }

/** What waits. `actionId`: undefined of a call for anyone, whose id the API names. */
export type Subject = { what: string; actionId?: string | undefined }

/**
 * Sends a signed action or claim, and repeats it until it is decided. A repetition has the same signature, so it is the same
 * action for the API.
 * @throws ProblemError with the refusal. UndecidedError at the timeout.
 */
export async function untilDecided<Body extends Answer>(
  { what, actionId }: Subject,
  send: () => Sent<Body>,
  { timeoutSeconds = DECISION_TIMEOUT_SECONDS, signal, onRetry }: WaitOptions,
): Promise<Extract<Body, { success: true }>> {
  const until = Date.now() + timeoutSeconds * 1_000
  for (;;) {
    const outcome = await outcomeOf(send())
    if ('success' in outcome) return outcome
    const { seconds, state } = outcome
    actionId ??= outcome.actionId
    if (Date.now() + seconds * 1_000 > until) throw new UndecidedError(what, state, actionId)
    onRetry?.({ request: what, reason: state, seconds })
    await wait(seconds, signal)
  }
}

/** Where a claim or an action is after an answer that does not decide it. `actionId`: if the API has stored it. */
type Pending = { state: string; seconds: number; actionId?: string | undefined }

/** Reads the answer to a claim or an action that was sent once. @throws ProblemError if it is refused. */
async function outcomeOf<Body extends Answer>(sent: Sent<Body>): Promise<Extract<Body, { success: true }> | Pending> {
  try {
    const { data, error, response } = await sent
    const seconds = retryAfterOf(response)
    if (data?.success === true) return withHeaders(data, response) as Extract<Body, { success: true }>
    if (data) {
      const { status, actionId } = data as Extract<Answer, { success: false }>
      return { state: `it is ${status}.`, actionId, seconds }
    }
    const problem = error as Problem
    if (!isRetriable(response, problem.code)) throw new ProblemError(problem, response.headers)
    return { state: sentenceOf(problem), seconds }
  } catch (error) {
    if (error instanceof NoAnswerError) return { state: error.message, seconds: 1 }
    throw error
  }
}
