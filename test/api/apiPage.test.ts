import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { follow } from '../support/describedAnswers.ts'
import { type TestApi, testApi } from './testApi.ts'

const page = readFileSync('docs/api.md', 'utf8')
let api: TestApi

beforeAll(async () => {
  // No test in this file reads the database.
  api = await testApi('postgres://127.0.0.1:1/none')
})

afterAll(() => api.close())

describe('docs/api.md', () => {
  it('explains every answer to a claim that /openapi.json has', async () => {
    const document = (await (await api.app.request('/openapi.json')).json()) as {
      paths: Record<string, { post: { responses: Record<string, { description: string } | { $ref: string }> } }>
    }
    const answers = Object.entries(document.paths['/api/runs/{id}/claim']?.post.responses ?? {})
    const described = answers.flatMap(([status, response]) => {
      const { description } = follow<{ description: string }>(document, response)
      return [...description.matchAll(/`([A-Z_]+)`: /g)].map(([, code]) => ({ status, code: String(code) }))
    })
    expect(described.length).toBeGreaterThanOrEqual(20)
    const rows = page.split('\n').filter((line) => line.startsWith('| '))
    const missing = described.filter(({ status, code }) =>
      rows.every(
        (row) => !(row.startsWith('| ') && row.split('|')[1]?.includes(status) && row.includes(`\`${code}\``)),
      ),
    )
    expect(missing).toEqual([])
  })
})
