import type { Context, ErrorHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { Logger } from 'pino'
import { Problem, type ProblemCode } from './errors.ts'
import { NO_STORE } from './readHeaders.ts'
import { problemOf } from './refusals.ts'

type Answer = (c: Context, problem: Problem) => Response | Promise<Response>

/**
 * Answers every thrown error, by default as `application/problem+json`, and logs those with a 5xx status: an unexpected
 * error with its stack, a refusal with its reason, and with its cause if it has one.
 */
export function errorHandler(logger: Logger, answer: Answer = answerProblem): ErrorHandler {
  return (error, c) => {
    const problem = asProblem(error)
    if (problem.status >= 500) {
      const traceId = c.get('trace')?.traceId
      const request = { method: c.req.method, path: c.req.path, requestId: c.get('requestId'), traceId }
      if (problem.code === 'INTERNAL') logger.error({ err: error, ...request }, problem.code)
      else logger.warn({ err: error.cause, detail: problem.message, ...request }, problem.code)
    }
    return answer(c, problem)
  }
}

declare module 'hono' {
  interface ContextVariableMap {
    /** The code of the answer if it is a problem. */
    problem: ProblemCode
  }
}

export function answerProblem(c: Context, problem: Problem): Response {
  c.set('problem', problem.code)
  return c.json(problem.toJSON(), problem.status, {
    ...problem.headers,
    'Cache-Control': NO_STORE,
    'Content-Type': 'application/problem+json',
  })
}

export function routeNotFound(c: Context): Response {
  return answerProblem(c, new Problem('ROUTE_NOT_FOUND', `There is no ${c.req.path} here. See /docs.`))
}

function asProblem(thrown: Error): Problem {
  const error = problemOf(thrown)
  if (error instanceof Problem) return error
  // Hono's validators throw these before a schema checks the request.
  const status = error instanceof HTTPException ? error.status : 500
  if (status === 415) {
    return new Problem('UNSUPPORTED_MEDIA_TYPE', 'Send the body as application/json.', { cause: error })
  }
  if (status === 400) {
    const extensions = { field: 'body' }
    return new Problem('VALIDATION_FAILED', 'body: is not valid JSON.', { extensions, cause: error })
  }
  return new Problem('INTERNAL', 'The request failed because of an error in this server.', { cause: error })
}
