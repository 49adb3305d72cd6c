import type { OpenAPIHono } from '@hono/zod-openapi'
import { createMcpHandler, localhostAllowedOrigins, originValidationResponse } from '@modelcontextprotocol/server'
import type { Handler } from 'hono'
import { describeTools } from '../../../mcp/tools.ts'
import { REQUEST_ID } from '../http/requestId.ts'

/** Tools hold no state that changes, so a stream of changes would only keep a connection open. */
const MAX_SUBSCRIPTIONS = 0

/**
 * Tools for AI agents: MCP over streamable HTTP, without sessions, so that any replica answers any request. A tool calls
 * the route of the API in this process, as a request of the same client, which counts for that client's limits. It has
 * no key: the caller signs a claim.
 * @param description the OpenAPI document of `app`.
 */
export function mcpRoute(app: OpenAPIHono, description: string): Handler {
  const createServer = describeTools(JSON.parse(description))

  return async (c) => {
    // A web page may have its own host name resolve to this machine, but not change its Origin. Clients that are no
    // browsers send none. The Host is not checked: the operator's proxies decide which names lead here.
    const refusal = originValidationResponse(c.req.raw, localhostAllowedOrigins())
    if (refusal) return refusal
    const forwardedFor = c.req.header('X-Forwarded-For')
    const traceparent = c.get('trace')?.traceparent
    const client = {
      [REQUEST_ID]: c.get('requestId'),
      ...(forwardedFor && { 'X-Forwarded-For': forwardedFor }),
      ...(traceparent && { traceparent }),
    }
    const send = async (path: string, init: RequestInit) => {
      const headers = { ...client, ...(init.headers as Record<string, string>) }
      return app.fetch(new Request(new URL(path, c.req.url), { ...init, headers }), c.env)
    }
    return createMcpHandler(() => createServer(send), { maxSubscriptions: MAX_SUBSCRIPTIONS }).fetch(c.req.raw)
  }
}
