import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestApi, testApi } from './testApi.ts'

let api: TestApi
// biome-ignore lint/suspicious/noExplicitAny: the validator and the assertions below check it
let description: any

beforeAll(async () => {
  // No test in this file reads the database.
  api = await testApi('postgres://127.0.0.1:1/none')
  description = await (await api.app.request('/openapi.json')).json()
})

afterAll(() => api.close())

describe('/openapi.json', () => {
  it('is valid OpenAPI 3.1', async () => {
    expect(description.openapi).toBe('3.1.0')
    expect(await new Validator().validate(description)).toEqual({ valid: true })
  })

  it('describes every route of the app', () => {
    const described = Object.entries<object>(description.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const served = api.app.routes
      .filter(({ method, path }) => method !== 'ALL' && path.startsWith('/api/'))
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
    expect(new Set(described)).toEqual(new Set(served))
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
    const parameters = description.paths['/api/runs'].get.parameters.map(({ name }: { name: string }) => name)
    expect(parameters).toEqual([
      'page',
      'limit',
      'cursor',
      'state',
      'minReward',
      'poster',
      'evaluator',
      'claimedBy',
      'claimable',
      'sort',
      'order',
      'minBlock',
    ])
  })
})

describe('/docs', () => {
  it('loads nothing from other origins', async () => {
    const page = await api.app.request('/docs')
    expect(page.headers.get('Content-Type')).toContain('text/html')
    expect(page.headers.get('Content-Security-Policy')).toContain("default-src 'none'; script-src 'self'")
    const links = [...(await page.text()).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? '')
    expect(links).toEqual(['/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js', '/docs/start.js'])
    for (const link of links) {
      const file = await api.app.request(link)
      expect([link, file.status]).toEqual([link, 200])
      expect(file.headers.get('Content-Type')).toMatch(link.endsWith('.css') ? 'text/css' : 'text/javascript')
      expect((await file.text()).length).toBeGreaterThan(50)
    }
  })

  it.each([
    '/docs/',
    '/docs/../package.json',
    '/docs/%2e%2e/package.json',
    '/docs/package.json',
    '/docs/swagger-ui.js',
  ])('serves no other file: %s', async (path) => {
    expect((await api.app.request(path)).status).toBe(404)
  })
})
