import { UndecidedActionError } from './errors.ts'
import { outcomeOf } from './outcome.ts'
import { type OnRetry, wait } from './request.ts'

export type WaitOptions = {
  /** How long to wait until the action is decided. Seconds; 300 if absent. */
  timeoutSeconds?: number | undefined
  /** Stops waiting. An action that was sent continues. */
  signal?: AbortSignal | undefined
  /** Is called before each pause, with what is waited for. The client's if absent. */
  onRetry?: OnRetry | undefined
}

type Answer = { success: true } | { success: false; status: string }
type Sent<Body> = Promise<{ data?: Body; error?: unknown; response: Response }>

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
