import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const page = readFileSync('SECURITY.md', 'utf8')
const links = [...page.matchAll(/\]\(([^)#]+)#(\w+)\)/g)].map(([, file, test]) => ({ file, test }))

it('SECURITY.md links only to tests that exist', () => {
  expect(links.length).toBeGreaterThan(30)
  const dangling = links.filter(({ file, test }) => {
    return !new RegExp(`function ${test}\\(`).test(readFileSync(String(file), 'utf8'))
  })
  expect(dangling).toEqual([])
})
