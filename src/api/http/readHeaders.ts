import type { Context, MiddlewareHandler, Next } from 'hono'
import { cors } from 'hono/cors'

/** Any page may call the API: no answer depends on cookies or on the origin, and claims carry signatures. */
const allowOrigins = cors({
  origin: '*',
  allowMethods: ['GET', 'HEAD', 'POST', 'DELETE'],
  allowHeaders: [
    'Content-Type',
    'Idempotency-Key',
    'If-None-Match',
    'Last-Event-ID',
    'Prefer',
    'traceparent',
    'tracestate',
  ],
  exposeHeaders: ['*'],
  maxAge: 86_400,
})

/** The headers that `allowOrigins` adds to all answers but those to preflights. */
const originHeaders = { 'access-control-allow-origin': '*', 'access-control-expose-headers': '*' }

/** JSON loads nothing, and is no page that another may frame. */
const securityHeaders = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
}

/** The headers of every answer to a read, beside Cache-Control, and to a POST. */
export const readHeaders: Readonly<Record<string, string>> = { ...originHeaders, ...securityHeaders }

/**
 * Cache-Control of what is the same for all clients: a shared cache may answer with it for a second, because blocks come
 * that fast; a browser asks again each time.
 */
export const SHARED_FOR_A_SECOND = 'public, max-age=0, s-maxage=1'

/** Cache-Control of all that may differ by client or request: refusals, claims and their states, messages to sign, streams. */
export const NO_STORE = 'no-store'

/** Whether the answer says that caches may keep it. Such an answer has nothing of one client or request. */
export const isCacheable = (headers: Headers): boolean => headers.get('cache-control')?.includes('max-age') ?? false

export const withoutOrigin = (url: string): string => url.slice(url.indexOf('/', url.indexOf('//') + 2))

/** Whether the request reads the API, so that its answer gets `readHeaders`. */
export function isRead({ req }: Context): boolean {
  return (req.method === 'GET' || req.method === 'HEAD') && req.path.startsWith('/api/')
}

/**
 * Adds the headers to an answer, unless the request `isRead`: see `readMiddleware`. The answers to POSTs under /api are
 * made by `c.json`, which includes headers that were set before. For both, `cors` would convert the answer to a
 * web-standard Response to add them, which takes longer than reading a page.
 */
export const headerMiddleware: MiddlewareHandler = (c, next) => {
  if (isRead(c)) return next()
  if (c.req.method !== 'POST' || !c.req.path.startsWith('/api/')) return addHeaders(c, next)
  for (const [name, value] of Object.entries(readHeaders)) c.header(name, value)
  return next()
}

async function addHeaders(c: Context, next: Next) {
  const preflight = await allowOrigins(c, next)
  if (preflight) c.res = preflight
  // The pages of the board have a policy of their own.
  for (const [name, value] of Object.entries(securityHeaders)) {
    if (!c.res.headers.has(name)) c.header(name, value)
  }
}
