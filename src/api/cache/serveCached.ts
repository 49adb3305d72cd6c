import type { OpenAPIHono } from '@hono/zod-openapi'
import { responseOf } from './cachedResponse.ts'
import type { AnswerCache } from './responseCache.ts'
import { idOf, REQUEST_ID } from '../http/requestId.ts'
import type { RequestTimer } from '../observability/metrics.ts'

type Fetch = OpenAPIHono['fetch']

/**
 * A `fetch` that answers what is kept before the routes see the request: to be routed, and handed from one middleware to
 * the next, takes several times as long. An app that is mounted in another, as under Ponder, has its own middleware only,
 * which gives the same answers.
 */
export function answerKept(answers: AnswerCache, fetch: Fetch, timer?: RequestTimer): Fetch {
  return (request, ...host) => {
    const start = performance.now()
    // A HEAD is for Hono, which leaves out the body.
    const answer = request.method === 'GET' ? answers.find(request) : undefined
    if (answer === undefined) return fetch(request, ...host)
    const { headers } = request
    const response = responseOf(answer, headers.get('If-None-Match'), idOf(headers.get(REQUEST_ID)))
    timer?.timeKept(answer.route, response.status, start)
    return response
  }
}
