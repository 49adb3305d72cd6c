import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { every } from 'hono/combine'
import { cors } from 'hono/cors'
import { secureHeaders } from 'hono/secure-headers'

/** Hono's defaults without the headers that mean nothing for JSON. */
const apiPolicy = {
  contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  // Pages of other origins may read the API, as the CORS headers below say. JSON has no links to follow.
  crossOriginResourcePolicy: false,
  referrerPolicy: false,
  // Only the proxy that terminates TLS knows whether the host name is HTTPS only.
  strictTransportSecurity: false,
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xFrameOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
  overwrite: false,
}

/** Any page may call the API: no answer depends on cookies or on the origin, and claims carry signatures. */
const crossOrigin = {
  origin: '*',
  allowMethods: ['GET', 'HEAD', 'POST'],
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
}

/** Caches may store an answer but must revalidate it before each use, because the next block may change it. */
const revalidate: MiddlewareHandler = async (c, next) => {
  await next()
  c.header('Cache-Control', 'no-cache')
}

const everywhere = [secureHeaders(apiPolicy), cors(crossOrigin)]

/** Whether the request reads the API, so that its answer gets `readHeaders`. */
export function isRead({ req }: Context): boolean {
  return (req.method === 'GET' || req.method === 'HEAD') && req.path.startsWith('/api/')
}

const addHeaders = every(...everywhere)

/**
 * The headers of every answer to a read. They are always the same, so Hono's middleware computes them once, at start.
 * Per request it would convert the answer to a web-standard Response to add them, which takes longer than reading a
 * page.
 */
export const readHeaders: Readonly<Record<string, string>> = await headersFrom([...everywhere, revalidate])

/** The headers of every answer to a claim, for the same reason. */
const claimHeaders = Object.entries(await headersFrom(everywhere))

/**
 * Adds the headers to an answer, unless the request `isRead`: then the response cache adds them. The answers to POSTs
 * under /api are made by `c.json`, which includes headers that were set before.
 */
export const headerMiddleware: MiddlewareHandler = (c, next) => {
  if (isRead(c)) return next()
  if (c.req.method !== 'POST' || !c.req.path.startsWith('/api/')) return addHeaders(c, next)
  for (const [name, value] of claimHeaders) c.header(name, value)
  return next()
}

async function headersFrom(middleware: readonly MiddlewareHandler[]): Promise<Record<string, string>> {
  const app = new Hono()
  for (const handler of middleware) app.use(handler)
  const { headers } = await app.get('/', (c) => c.body(null)).request('/')
  return Object.fromEntries(headers)
}
