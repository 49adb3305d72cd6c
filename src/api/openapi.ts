import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { OpenAPIHono, type RouteConfig } from '@hono/zod-openapi'
import { Problem } from './http/errors.ts'
import { exampleAgent } from './resources/agent.ts'
import { exampleCid } from './resources/content.ts'
import { pascalCase } from './resources/problem.ts'
import { problemResponses } from './routes/responses.ts'

const info = {
  openapi: '3.1.0',
  info: {
    title: 'Runline',
    version: '0.1.0',
    description: readFileSync(new URL('guide.md', import.meta.url), 'utf8'),
    contact: { name: 'The operator of this server' },
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/' }],
  security: [],
  tags: [
    { name: 'Runs', description: 'Work requests with a reward in escrow.' },
    { name: 'Claims', description: 'What an agent needs to claim a run.' },
    {
      name: 'Actions',
      description: 'What accounts do by a signature that the relay sends, and what anyone may ask for.',
    },
    { name: 'Agents', description: 'ERC-8004 identities, their stake and their status on the trust ladder.' },
    { name: 'Content', description: 'Briefs, deliveries and feedback: what runs name by a CID.' },
    { name: 'Market', description: 'The contracts, their terms, and the market in figures.' },
    { name: 'Stream', description: 'The changes of runs and agents, as they are indexed.' },
    { name: 'Health', description: 'The state of the process that answers.' },
  ],
}

/** A header that every such answer has. */
const header = (description: string) => ({ description, required: true, schema: { type: 'string' as const } })

const idHeader = {
  'X-Request-Id': header('The id of the request, which the server’s log has too.'),
}

const everyHeader = {
  'Access-Control-Allow-Origin': header('Always `*`: any web page may call the API.'),
  'Access-Control-Expose-Headers': header('Always `*`: a web page may read all headers.'),
}

const readHeader = {
  'Cache-Control': header(
    '`public, max-age=0, s-maxage=1` where a shared cache may answer others with it for a second; else `no-store`.',
  ),
}

type Response = {
  headers: Record<string, { required?: boolean }>
  content?: Record<string, { examples?: object }>
}

/** Values of the required parameters in examples. */
const exampleOf: Record<string, string | number> = {
  id: 1,
  agentId: 1,
  walletAddress: exampleAgent.walletAddress,
  claimId: `0x${'9a'.repeat(32)}`,
  actionId: `0x${'9a'.repeat(32)}`,
  runId: 1,
  signer: exampleAgent.walletAddress,
  deliverableHash: 'ipfs://QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG',
  feedbackHash: 'ipfs://QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG',
  file: 'BountyMarket.json',
  cid: exampleCid,
  poster: exampleAgent.walletAddress,
  owner: exampleAgent.walletAddress,
  from: exampleAgent.walletAddress,
  address: exampleAgent.walletAddress,
  agentURI: 'ipfs://QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG',
  ipfsHash: 'ipfs://QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG',
  reward: '100000000',
  amount: '20000000',
  deadline: 1_705_752_000,
}

/**
 * Describes the routes of the app, with the refusals and headers that all routes share.
 * @returns an OpenAPI 3.1 document as JSON.
 */
export function describeApi(app: OpenAPIHono): string {
  const { openAPIRegistry, getOpenAPI31Document } = new OpenAPIHono()
  const routes = app.openAPIRegistry.definitions.flatMap((each) => (each.type === 'route' ? [each.route] : []))
  for (const route of routes) {
    const methods = routes.filter(({ path }) => path === route.path).map(({ method }) => method)
    const responses = Object.entries({ ...route.responses, ...sharedResponses(route, methods) })
    const isRead = route.method === 'get' && route.path.startsWith('/api/')
    const headersOf = (status: string) => ({
      // A cache may give an answer to others, so that it does not name a request.
      ...((route.method !== 'get' || Number(status) >= 400) && idHeader),
      ...everyHeader,
      ...(isRead && readHeader),
    })
    openAPIRegistry.registerPath({
      ...route,
      responses: Object.fromEntries(
        responses.map(([status, response]) => [
          status,
          { ...response, headers: { ...headersOf(status), ...response.headers } },
        ]),
      ),
    })
  }
  const document = getOpenAPI31Document(info)
  const methods = Object.values(document.paths ?? {}).flatMap(({ get, post }) => [get, post])
  const operations = methods.filter((operation) => operation !== undefined)
  for (const parameter of operations.flatMap(({ parameters }) => parameters ?? [])) {
    // A page that tries requests prefills what is required.
    if ('name' in parameter && parameter.required) parameter.example = exampleOf[parameter.name]
  }
  const responses = operations.map((operation) => operation.responses as Record<string, Response>)
  const components = { ...document.components, headers: shareHeaders(responses), responses: shareResponses(responses) }
  return JSON.stringify({ ...document, components })
}

/**
 * Replaces the required headers of all responses by references. Optional ones stay, because types that are generated from
 * a reference do not say that it is optional.
 * @returns the headers by name.
 */
function shareHeaders(operations: readonly Record<string, Response>[]) {
  const shared: Record<string, object> = {}
  for (const response of operations.flatMap((responses) => Object.values(responses))) {
    const headers = Object.entries(response.headers).map(([name, header]) => {
      if (!header.required) return [name, header]
      shared[name] ??= header
      if (!isDeepStrictEqual(shared[name], header)) throw new Error(`The header ${name} has two descriptions`)
      return [name, { $ref: `#/components/headers/${name}` }]
    })
    response.headers = Object.fromEntries(headers)
  }
  return shared
}

/** Replaces responses that several operations have by references. @returns those responses by name. */
function shareResponses(operations: readonly Record<string, Response>[]) {
  const uses = operations.flatMap((responses) =>
    Object.entries(responses).map(([status, response]) => ({ responses, status, response })),
  )
  const shared: Record<string, object> = {}
  for (const [first, ...others] of Map.groupBy(uses, ({ response }) => JSON.stringify(response)).values()) {
    if (!first || others.length === 0) continue
    const { headers, content } = first.response
    const codes = Object.keys(content?.['application/problem+json']?.examples ?? { NOT_MODIFIED: {} })
    const name = `${'Cache-Control' in headers ? 'Read' : ''}${codes.map(pascalCase).join('Or')}`
    if (name in shared) throw new Error(`Two shared responses have the name ${name}`)
    shared[name] = first.response
    for (const { responses, status } of [first, ...others]) {
      Object.assign(responses, { [status]: { $ref: `#/components/responses/${name}` } })
    }
  }
  return shared
}

/** The refusals that any route can answer, whatever its handler does. @param methods of all routes with its path. */
function sharedResponses({ path }: RouteConfig, methods: readonly string[]) {
  const url = path.replaceAll(/\{(\w+)\}/g, (_, name) => String(exampleOf[name] ?? name))
  const allowed = methods.map((method) => (method === 'get' ? 'GET, HEAD' : method.toUpperCase())).join(', ')
  const refusal = new Problem('METHOD_NOT_ALLOWED', `${url} answers ${allowed}, not DELETE.`)
  return problemResponses(['METHOD_NOT_ALLOWED', 'RATE_LIMITED', 'INTERNAL'], { METHOD_NOT_ALLOWED: refusal })
}
