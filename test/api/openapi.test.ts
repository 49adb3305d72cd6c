import { gunzipSync } from 'node:zlib'
import { OpenAPIHono } from '@hono/zod-openapi'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { exampleAgent } from '../../src/api/resources/agent.ts'
import { addGuideRoutes } from '../../src/api/routes/llms.ts'
import { apiDescription } from '../../tools/toolchain/apiDescription.ts'
import { expectDescribed, follow } from '../support/describedAnswers.ts'
import { type TestApi, testApi } from './testApi.ts'

let api: TestApi
// biome-ignore lint/suspicious/noExplicitAny: the validator and the assertions below check it
let description: any

beforeAll(async () => {
  // No test in this file reads the database.
  api = await testApi('postgres://127.0.0.1:1/none')
  description = JSON.parse(await apiDescription())
})

afterAll(() => api.close())

describe('/openapi.json', () => {
  it('is OpenAPI 3.1, whose schemas are valid JSON schemas', () => {
    expect(description.openapi).toBe('3.1.0')
    const schemas = Object.entries<object>(description.components.schemas)
    expect(schemas.length).toBeGreaterThan(20)
    const ajv = new Ajv2020()
    expect(schemas.filter(([, schema]) => !ajv.validateSchema(schema)).map(([name]) => name)).toEqual([])
  })

  it('describes every route of the app', () => {
    const described = Object.entries<object>(description.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const served = api.app.routes
      .filter(({ method, path }) => method !== 'ALL' && /^\/(api|abis|ipfs|schemas)\//.test(path))
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
    expect(new Set(described)).toEqual(new Set([...served, 'GET /healthz', 'GET /readyz']))
  })

  it('is what a host with health routes serves', async () => {
    const served: { paths: unknown } = JSON.parse(await (await api.app.request('/openapi.json')).text())
    const { '/healthz': _, '/readyz': __, ...paths } = description.paths
    expect(served.paths).toEqual(paths)
  })

  it('has at most 200 kB, with headers, parameters and responses that many operations have once', async () => {
    const { paths, components } = description
    const { parameters, responses } = paths['/api/runs'].get
    expect(responses[429]).toEqual({ $ref: '#/components/responses/RateLimited' })
    expect(paths['/api/agents'].get.responses[429]).toEqual(responses[429])
    expect(parameters).toContainEqual({ $ref: '#/components/parameters/minBlock' })
    expect(responses[200].headers.ETag).toEqual({ $ref: '#/components/headers/ETag' })
    expect(components.headers).toMatchObject({ ETag: { required: true }, 'Retry-After': { required: true } })
    expect(components.responses.IndexBehind.headers['Retry-After']).toMatchObject({ required: false })
    const { length } = Buffer.from(await apiDescription())
    console.log(`${length} bytes`)
    expect(length).toBeLessThanOrEqual(200_000)
  })

  it('names the contracts that verify signatures, if it is of a deployment', async () => {
    const served = JSON.parse(await (await api.app.request('/openapi.json')).text())
    const { verifyingContract } = served.components.schemas.TypedData.properties.domain.properties
    expect(verifyingContract.enum).toContain('0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0')
  })

  it('names every event of a run', () => {
    const events = bountyMarketAbi.flatMap((item) => (item.type === 'event' ? [item.name] : []))
    const ofRuns = events.filter((name) => name !== 'PaymentCollected' && name !== 'EIP712DomainChanged')
    expect(new Set(description.components.schemas.RunEvent.properties.name.enum)).toEqual(new Set(ofRuns))
  })

  it('allows the codes of a status only in its answers', () => {
    const { schema } = description.paths['/api/runs/{id}/claim'].post.responses[403].content['application/problem+json']
    const schemas = schema.anyOf.map((one: { $ref: string }) => follow(description, one))
    expect(
      schemas.map((one: { properties: { code: { enum: string[] } } }) => one.properties.code.enum[0]).sort(),
    ).toEqual([
      'AGENT_BANNED',
      'AGENT_FROZEN',
      'INSUFFICIENT_STAKE',
      'INSUFFICIENT_UNLOCKED_STAKE',
      'NOT_CLAIMANT',
      'REWARD_TOO_LOW',
      'WALLET_MISMATCH',
    ])
  })

  it('describes the refusals of each route, with examples that routes answer', async () => {
    const { app } = api
    const exampleOf = (name: string) => description.components.schemas[`${name}Problem`].properties.detail.example
    for (const [path, operations] of Object.entries<{ get?: object }>(description.paths)) {
      if (!path.startsWith('/api/')) continue
      const url = path.replace('{id}', '1').replace('{address}', exampleAgent.walletAddress)
      const other = await app.request(url, { method: 'PUT' })
      expect([other.status, other.headers.get('Allow')]).toEqual([405, expect.stringMatching(/GET|POST/)])
      const { get } = operations
      if (!get) continue
      const malformed = await app.request(/\{\w+Id\}/.test(url) ? url : `${url}?minBlock=latest`)
      const answer = { status: malformed.status, headers: malformed.headers, body: await malformed.json() }
      expect([url, answer]).toMatchObject([url, { status: 400, body: { code: 'VALIDATION_FAILED' } }])
      expectDescribed('GET', url, answer)
    }
    const refusalOf = async (url: string) => ((await (await app.request(url)).json()) as { detail: string }).detail
    expect(await refusalOf('/api/runs/1?minBlock=latest')).toBe(exampleOf('ValidationFailed'))
    expect(await refusalOf('/api/nothing')).toBe(exampleOf('RouteNotFound'))
  })

  it('has examples with the documented fields in order', () => {
    const { RunSummary, Run, Pagination } = description.components.schemas
    expect(Object.keys(RunSummary.example).slice(0, 8)).toEqual([
      'bountyId',
      'posterAddress',
      'ipfsHash',
      'reward',
      'deadline',
      'state',
      'claimedBy',
      'createdAt',
    ])
    expect(Object.keys(Run.example)).toEqual(Object.keys(Run.properties))
    expect(Pagination.example).toEqual({ page: 1, limit: 20, total: 100, totalPages: 5 })
  })

  it('documents each parameter of a list', () => {
    const { parameters } = description.paths['/api/runs'].get
    const names = parameters.map((one: { name: string } | { $ref: string }) => follow(description, one).name)
    expect(names).toEqual([
      'page',
      'limit',
      'cursor',
      'state',
      'minReward',
      'poster',
      'evaluator',
      'claimedBy',
      'claimant',
      'claimable',
      'q',
      'tag',
      'sort',
      'order',
      'minBlock',
    ])
  })
})

describe('/docs', () => {
  it('loads nothing from other origins', async () => {
    const page = await api.app.request('/docs')
    expect(page.headers.get('Strict-Transport-Security')).toBeNull()
    expect(page.headers.get('Content-Type')).toContain('text/html')
    expect(page.headers.get('Content-Security-Policy')).toContain("default-src 'none'; script-src 'self'")
    const text = await page.text()
    expect(text).toContain('<code>GET /api/runs/{id}</code> Get a run')
    // What a browser needs for the first picture: at 50 kB a second it comes within two seconds.
    expect(text.length).toBeLessThan(20_000)
    const links = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? '')
    expect(links.filter((link) => !link.startsWith('/') && link !== '#content')).toEqual([])
    const scripts = links.filter((link) => link.endsWith('.js'))
    expect(scripts).toEqual([expect.stringMatching(/^\/docs\/scalar-\d+\.\d+\.\d+\.js$/), '/docs/start.js'])
    for (const link of scripts) {
      const file = await api.app.request(link)
      expect([link, file.status]).toEqual([link, 200])
      expect(file.headers.get('Content-Type')).toMatch('text/javascript')
      expect((await file.text()).length).toBeGreaterThan(50)
    }
  })

  it('sends its large script compressed, under a path that names its version, so that it may be cached without a time limit', async () => {
    const page = await api.app.request('/docs')
    const [path = ''] = /\/docs\/scalar-[^"]+/.exec(await page.text()) ?? []
    const file = await api.app.request(path)
    expect(file.headers.get('Cache-Control')).toBe('public, max-age=31536000, immutable')
    expect(file.headers.get('Content-Encoding')).toBe('gzip')
    const bytes = Buffer.from(await file.arrayBuffer())
    expect(bytes.length).toBeLessThan(1_200_000)
    expect(gunzipSync(bytes).toString()).toContain('createApiReference')
  })

  it.each([
    '/docs/',
    '/docs/../package.json',
    '/docs/%2e%2e/package.json',
    '/docs/package.json',
    '/docs/standalone.js.map',
  ])('serves no other file: %s', async (path) => {
    expect((await api.app.request(path)).status).toBe(404)
  })
})

it('/skill.md is a skill of at most 150 lines, and /.well-known/api-catalog names what is served', async () => {
  const skill = await api.app.request('/skill.md')
  expect(skill.headers.get('Content-Type')).toBe('text/markdown; charset=UTF-8')
  const text = await skill.text()
  expect(text).toMatch(/^---\nname: runline\ndescription: .+\n---\n/)
  expect(text.split('\n').length).toBeLessThanOrEqual(150)
  const catalog = await api.app.request('/.well-known/api-catalog')
  expect(catalog.headers.get('Content-Type')).toContain('application/linkset+json')
  const links = [...(await catalog.text()).matchAll(/"href":"([^"]+)"/g)].map(([, path = '']) => path)
  expect(links).toContain('/openapi.json')
  for (const path of links.filter((path) => path !== '/readyz')) {
    expect((await api.app.request(path)).status, path).toBe(200)
  }
})

it('/.well-known/security.txt names the contact of the operator, and is absent without one', async () => {
  const path = '/.well-known/security.txt'
  expect((await api.app.request(path)).status).toBe(404)
  const app = new OpenAPIHono()
  addGuideRoutes(app, JSON.stringify(description), { securityContact: 'mailto:security@example.org' })
  const text = await (await app.request(path)).text()
  const [, expires = ''] = /^Contact: mailto:security@example\.org\nExpires: (\S+)\n$/.exec(text) ?? []
  const days = (new Date(expires).getTime() - Date.now()) / 86_400_000
  expect(days).toBeCloseTo(180, 0)
})

describe('/llms.txt', () => {
  it('names routes that exist, all that are described', async () => {
    const response = await api.app.request('/llms.txt')
    expect(response.headers.get('Content-Type')).toBe('text/plain; charset=UTF-8')
    const text = await response.text()
    const named = [...text.matchAll(/`((?:GET|POST) \/[^`?]*)/g)].map(([, route]) => route)
    const linked = [...text.matchAll(/\]\((\/[^)]*)\)/g)].map(([, path]) => path)
    const served = api.app.routes.map(({ method, path }) => ({ method, path: path.replaceAll(/:(\w+)/g, '{$1}') }))
    const routes = served.map(({ method, path }) => `${method} ${path}`)
    expect(routes).toEqual(expect.arrayContaining(named))
    expect(served.map(({ path }) => path)).toEqual(expect.arrayContaining(linked))
    for (const path of ['/api/runs', '/api/market']) expect(text).toContain(`- \`GET ${path}\`: `)
  })
})
