import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const page = readFileSync('docs/threat-model.md', 'utf8')
const links = [...page.matchAll(/\]\(([^)#]+\.sol)#(\w+)\)/g)].map(([, file, test]) => ({ file, test }))

it('docs/threat-model.md links only to tests that exist', () => {
  expect(links.length).toBeGreaterThan(30)
  const dangling = links.filter(({ file, test }) => {
    return !new RegExp(`function ${test}\\(`).test(readFileSync(join('docs', String(file)), 'utf8'))
  })
  expect(dangling).toEqual([])
})
