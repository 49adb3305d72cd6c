import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { every } from 'hono/combine'
import { cors } from 'hono/cors'
import { secureHeaders } from 'hono/secure-headers'

/** Of Hono's defaults, what means something for JSON. */
const apiPolicy = {
  contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  // Pages of other origins may read the API: that is what CORS says below. JSON links to nothing.
  crossOriginResourcePolicy: false,
  referrerPolicy: false,
  // Whoever terminates TLS in front of this process knows whether the name is HTTPS only.
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

/** Any page may call: no answer depends on cookies or on where the request comes from, and claims carry signatures. */
const crossOrigin = {
  origin: '*',
  allowMethods: ['GET', 'HEAD', 'POST'],
  allowHeaders: ['Content-Type', 'Idempotency-Key', 'If-None-Match', 'Prefer'],
  exposeHeaders: ['*'],
  maxAge: 86_400,
}

/** Caches may keep an answer but must ask before they use it: the next block may change it. */
const revalidate: MiddlewareHandler = async (c, next) => {
  await next()
  c.header('Cache-Control', 'no-cache')
}

const everywhere = [secureHeaders(apiPolicy), cors(crossOrigin)]

/** Whether the request reads the API: then `readHeaders` are given to the answer. */
export function isRead({ req }: Context): boolean {
  return (req.method === 'GET' || req.method === 'HEAD') && req.path.startsWith('/api/')
}

const giveHeaders = every(...everywhere)

/** What gives an answer its headers, unless the request `isRead`. */
export const headerMiddleware: MiddlewareHandler = (c, next) => (isRead(c) ? next() : giveHeaders(c, next))

/**
 * The headers of every answer to a read. Hono's middleware makes a web-standard Response of each answer to add them,
 * which takes longer than to read a page, and they are always the same: so it is asked once.
 */
export const readHeaders: Readonly<Record<string, string>> = await headersGivenBy([...everywhere, revalidate])

async function headersGivenBy(middleware: readonly MiddlewareHandler[]): Promise<Record<string, string>> {
  const app = new Hono()
  for (const give of middleware) app.use(give)
  const { headers } = await app.get('/', (c) => c.body(null)).request('/')
  return Object.fromEntries(headers)
}
