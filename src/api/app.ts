import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import { accepts } from 'hono/accepts'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { cacheResponses } from './cache/responseCache.ts'
import type { Deps } from './deps.ts'
import { limitPostedBody } from './http/bodyLimit.ts'
import { type ClientLimits, rateLimitHeaders } from './http/clientLimits.ts'
import { answerProblem, errorHandler, routeNotFound } from './http/errorHandler.ts'
import { Problem } from './http/errors.ts'
import { headerMiddleware } from './http/readHeaders.ts'
import { requestId } from './http/requestId.ts'
import { refuseInvalid } from './http/validation.ts'
import type { RequestTimer } from './observability/metrics.ts'
import type { Tracing } from './observability/tracing.ts'
import { describeApi } from './openapi.ts'
import { createStats } from './queries/stats.ts'
import { createTurns } from './queries/turns.ts'
import { addAccountMessageRoutes } from './routes/accountMessages.ts'
import { createActing } from './routes/actionAnswers.ts'
import { addActionStateRoute, addClaimStateRoute } from './routes/actionState.ts'
import { addAccountActionRoutes, addOpenCallRoutes, addRunActionRoutes } from './routes/actions.ts'
import { addAgentRoutes } from './routes/agents.ts'
import { addApplicationRoutes } from './routes/applications.ts'
import { boardRoutes, unknownPage } from './routes/board.ts'
import { addClaimRoutes } from './routes/claim.ts'
import { addClaimMessageRoutes, addEligibilityRoutes } from './routes/claimReads.ts'
import { addContentRoutes } from './routes/content.ts'
import { addDocsRoutes } from './routes/docs.ts'
import { isProbe } from './routes/health.ts'
import { readMiddleware } from './routes/indexed.ts'
import { addGuideRoutes } from './routes/llms.ts'
import { addMarketRoutes } from './routes/market.ts'
import { mcpRoute } from './routes/mcp.ts'
import { addMessageRoutes } from './routes/messages.ts'
import { addPosterRoutes } from './routes/posters.ts'
import { addReservesRoute } from './routes/reserves.ts'
import { addEventRoutes, addRunRoutes } from './routes/runs.ts'
import { addStatsRoutes } from './routes/stats.ts'
import { addStreamRoutes } from './routes/stream.ts'

/** What a host adds to the app. */
export type Host = {
  /** Times every request. */
  timer?: RequestTimer
  /** Records every request but probes. */
  tracing?: Tracing
  /** Routes about the process, such as its health. */
  routes?: OpenAPIHono
}

/** Creates the API: the same routes for every host. It opens no connection; everything that it uses is in `deps`. */
export function createApp(deps: Deps, host: Host = {}): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: refuseInvalid })
  app.onError(errorHandler(deps.logger))

  if (host.tracing) app.use(unlessProbe(host.tracing.middleware))
  if (host.timer) app.use(host.timer.middleware)
  app.use(requestId)
  if (deps.limits) app.use(rateLimitHeaders)
  app.use('/api/*', cacheResponses(deps.index.head, deps.limits?.networkOf), readMiddleware)
  const limit = deps.limits && limitRequests(deps.limits)
  // Before `headerMiddleware`, which answers a preflight without calling the next middleware.
  if (limit) app.use((c, next) => (c.req.method === 'OPTIONS' ? limit(c, next) : next()))
  app.use(headerMiddleware)
  for (const path of ['/api/*', '/mcp', '/post/preview']) app.use(path, limitPostedBody)
  if (limit) app.use(limit)

  // Of each one, so that pages and the API share the bound of expensive reads, and what is counted once a second.
  const readInTurn = createTurns(deps.index)
  const readStats = createStats()
  addRunRoutes(app, deps, readInTurn)
  addEligibilityRoutes(app, deps)
  addClaimMessageRoutes(app, deps)
  const acting = createActing(deps)
  addClaimRoutes(app, deps, acting)
  addClaimStateRoute(app, deps)
  addMessageRoutes(app, deps)
  addRunActionRoutes(app, acting)
  addAccountMessageRoutes(app, deps)
  addAccountActionRoutes(app, acting)
  addOpenCallRoutes(app, acting)
  addActionStateRoute(app, deps)
  addApplicationRoutes(app, deps)
  addEventRoutes(app, deps, readInTurn)
  addAgentRoutes(app, deps, readInTurn)
  addPosterRoutes(app, deps)
  addStatsRoutes(app, deps, readStats)
  addMarketRoutes(app, deps)
  addReservesRoute(app, deps, readStats)
  addContentRoutes(app, deps)
  app.route('/', boardRoutes(deps, readInTurn, readStats))
  addStreamRoutes(app, deps)
  if (host.routes) app.route('/', host.routes)

  const description = describeApi(app, Object.values(deps.deployment.contracts))
  addDocsRoutes(app, description)
  app.get('/openapi.json', (c) => c.body(description, 200, { 'Content-Type': 'application/json' }))
  app.post('/mcp', mcpRoute(app, description, deps.limits))
  addGuideRoutes(app, description, deps)
  app.all('*', methodNotAllowed({ app, onMethodNotAllowed: refuseMethod }), (c) =>
    wantsPage(c) ? unknownPage.fetch(c.req.raw, c.env) : routeNotFound(c),
  )
  return app
}

/** Whether a browser asks for a page: other clients prefer JSON, or have no preference. */
const wantsPage = (c: Context) =>
  c.req.method === 'GET' &&
  accepts(c, { header: 'Accept', supports: ['application/json', 'text/html'], default: 'application/json' }) ===
    'text/html'

const refuseMethod: NonNullable<Parameters<typeof methodNotAllowed>[0]['onMethodNotAllowed']> = (c, methods) => {
  const allow = methods.join(', ')
  const detail = `${c.req.path} answers ${allow}, not ${c.req.method}.`
  return answerProblem(c, new Problem('METHOD_NOT_ALLOWED', detail, { headers: { Allow: allow } }))
}

const unlessProbe =
  (middleware: MiddlewareHandler): MiddlewareHandler =>
  (c, next) =>
    isProbe(c.req.path) ? next() : middleware(c, next)

/** Requests that the response cache answers cost almost nothing and are not limited, so that agents may poll. */
const limitRequests =
  (limits: ClientLimits): MiddlewareHandler =>
  async (c, next) => {
    await (isProbe(c.req.path) ? limits.takeProbe(c) : limits.takeRequest(c))
    c.set('network', limits.networkOf(c))
    return next()
  }
