import { NoAnswerError, type Problem, ProblemError } from './errors.ts'
import { isRetriable, retryAfterOf, withHeaders } from './request.ts'

/** A success of a request with a signature, or an answer that it is not decided yet. */
type Answer = { success: true } | { success: false; status: string }

/**
 * Where a claim or an action is after an answer that does not decide it. `answer` is the API's, if it has stored it.
 */
export type Pending<Stored> = { state: string; seconds: number; answer?: Stored }

/** Reads the answer to a claim or an action that was sent once. @throws ProblemError if it is refused. */
export async function outcomeOf<Body extends Answer>(
  sent: Promise<{ data?: Body; error?: unknown; response: Response }>,
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
