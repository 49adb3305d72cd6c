import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { missingLines, PATCH } from '../../ops/ponderPatch.ts'

const installed = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.resolve('ponder')), 'utf8')

/** The first line of each reason, beside its hunk. */
const reasons = readFileSync(PATCH, 'utf8').match(/(?<=^\+\s*)\/\/ Runline: .+$/gm) ?? []

test('the installed Ponder has every line of the patch', () => {
  expect(missingLines()).toEqual([])
})

test.each(reasons)('a Ponder without the hunk of "%s" is refused', (reason) => {
  const missing = missingLines((path) => installed(path).replace(reason, ''))
  expect(missing).toEqual([expect.stringContaining(reason)])
})
