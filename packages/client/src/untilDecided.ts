import { NoAnswerError, type Problem, ProblemError, UndecidedActionError } from './errors.ts'
import { isRetriable, type OnRetry, retryAfterOf, type Sent, wait, withHeaders } from './request.ts'

export type WaitOptions = {
  /** How long to wait until the action is decided. Seconds; 300 if absent. */
  timeoutSeconds?: number | undefined
  /** Stops waiting. An action that was sent continues. */
  signal?: AbortSignal | undefined
  /** Is called before each pause, with what is waited for. The client's if absent. */
  onRetry?: OnRetry | undefined
}

/** A success of a request with a signature, or an answer that it is not decided yet. */
type Answer = { success: true } | { success: false; status: string }

const undecidedAction = (state: string, answer?: object) =>
  new UndecidedActionError(state, (answer as { actionId: string } | undefined)?.actionId)

/**
 * Sends a signed action or claim, and repeats it until it is decided. A repetition has the same signature, so it is the same
 * action for the API.
 * @param what names the action.
 * @param undecided the error at the timeout.
 * @throws ProblemError with the refusal.
 */
export async function untilDecided<Body extends Answer>(
  what: string,
  send: () => Sent<Body>,
  { timeoutSeconds = 300, signal, onRetry }: WaitOptions,
  undecided: (state: string, answer?: Extract<Body, { success: false }>) => Error = undecidedAction,
): Promise<Extract<Body, { success: true }>> {
  const until = Date.now() + timeoutSeconds * 1_000
  for (;;) {
    const outcome = await outcomeOf(send())
    if ('success' in outcome) return outcome
    const { seconds, state, answer } = outcome
    if (Date.now() + seconds * 1_000 > until) throw undecided(state, answer)
    onRetry?.({ request: what, reason: state, seconds })
    await wait(seconds, signal)
  }
}

/**
 * Where a claim or an action is after an answer that does not decide it. `answer` is the API's, if it has stored it.
 */
type Pending<Stored> = { state: string; seconds: number; answer?: Stored }

/** Reads the answer to a claim or an action that was sent once. @throws ProblemError if it is refused. */
async function outcomeOf<Body extends Answer>(
  sent: Sent<Body>,
): Promise<Extract<Body, { success: true }> | Pending<Extract<Body, { success: false }>>> {
  try {
    const { data, error, response } = await sent
    const seconds = retryAfterOf(response)
    if (data?.success === true) return withHeaders(data, response) as Extract<Body, { success: true }>
    if (data) {
      const answer = data as Extract<Body, { success: false }>
      return { state: answer.status, answer, seconds }
    }
    const problem = error as Problem
    if (!isRetriable(response)) throw new ProblemError(problem, response.headers)
    return { state: problem.code, seconds }
  } catch (error) {
    if (error instanceof NoAnswerError) return { state: error.message, seconds: 1 }
    throw error
  }
}
