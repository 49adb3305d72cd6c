import type { OpenAPIHono } from '@hono/zod-openapi'
import { createMcpHandler, localhostAllowedOrigins, originValidationResponse } from '@modelcontextprotocol/server'
import type { Context, Handler } from 'hono'
import type { ClientLimits } from '../http/clientLimits.ts'
import { Problem } from '../http/errors.ts'
import { REQUEST_ID } from '../http/requestId.ts'
import { describeTools } from '../mcp/tools.ts'

/** Tools hold no state that changes, so a stream of changes would only keep a connection open. */
const MAX_SUBSCRIPTIONS = 0

/** The most messages of a JSON-RPC batch. Only clients of an old version of the protocol send batches. */
const MAX_BATCH = 10

/**
 * Tools for AI agents: MCP over streamable HTTP, without sessions, so that any replica answers any request. A tool calls
 * the route of the API in this process, as a request of the same client, which counts for that client's limits. It has
 * no key: the caller signs a claim.
 * @param description the OpenAPI document of `app`.
 */
export function mcpRoute(app: OpenAPIHono, description: string, limits?: ClientLimits): Handler {
  const createServer = describeTools(JSON.parse(description))

  return async (c) => {
    // A web page may have its own host name resolve to this machine, but not change its Origin. Clients that are no
    // browsers send none. The Host is not checked: the operator's proxies decide which names lead here.
    const refusal = originValidationResponse(c.req.raw, localhostAllowedOrigins())
    if (refusal) return refusal
    const text = await c.req.text()
    const body = parseJson(text)
    if (Array.isArray(body)) await countBatch(c, body, limits)
    const forwardedFor = c.req.header('X-Forwarded-For')
    const traceparent = traceparentIn(body) ?? c.get('trace')?.traceparent
    const client = {
      [REQUEST_ID]: c.get('requestId'),
      ...(forwardedFor && { 'X-Forwarded-For': forwardedFor }),
      ...(traceparent && { traceparent }),
    }
    const send = async (path: string, init: RequestInit) => {
      const headers = { ...client, ...(init.headers as Record<string, string>) }
      // Without the connection of this request, which a stream would change and cut.
      return app.fetch(new Request(new URL(path, c.req.url), { ...init, headers }), { ...c.env, outgoing: undefined })
    }
    const { url, headers, signal } = c.req.raw
    const handler = createMcpHandler(() => createServer(send), { maxSubscriptions: MAX_SUBSCRIPTIONS })
    return handler.fetch(new Request(url, { method: 'POST', headers, body: text, signal }), { parsedBody: body })
  }
}

/**
 * The span of the client for which the tool is called (`_meta` of the Model Context Protocol); undefined if the call names none. One
 * that is malformed is ignored where the route reads it. A batch has the trace of its HTTP request.
 */
function traceparentIn(body: unknown): string | undefined {
  const { params } = (body ?? {}) as { params?: { _meta?: { traceparent?: unknown } } }
  const traceparent = params?._meta?.traceparent
  return typeof traceparent === 'string' && /^[\da-f-]{55}$/.test(traceparent) ? traceparent : undefined
}

/** @returns undefined for a body that is not JSON, which the handler refuses. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Counts each message of a batch but the first, which is counted as the request. @throws Problem */
async function countBatch(c: Context, messages: readonly unknown[], limits: ClientLimits | undefined) {
  if (messages.length > MAX_BATCH) {
    const detail = `body: must have at most ${MAX_BATCH} messages, got ${messages.length}.`
    throw new Problem('VALIDATION_FAILED', detail, { extensions: { field: 'body', value: messages.length } })
  }
  for (let counted = 1; counted < messages.length; counted++) await limits?.takeRequest(c)
}
