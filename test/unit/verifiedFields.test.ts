import { readFileSync } from 'node:fs'
import { expect, inject, it } from 'vitest'
import { verifiedInstructions } from '../../packages/cli/src/tools/verifiedSend.ts'
import {
  agentFields,
  agentStakeFields,
  eligibilityFields,
  runFields,
  runSummaryFields,
  UNPROVEN,
} from '../../packages/client/src/verify/fields.ts'

type Schema = { properties?: object; allOf?: Schema[]; $ref?: string }

const { schemas }: { schemas: Record<string, Schema> } = JSON.parse(inject('apiDescription')).components

const membersOf = ({ properties = {}, allOf = [], $ref }: Schema): string[] => [
  ...($ref ? membersOf(schemas[$ref.split('/').at(-1) ?? ''] ?? {}) : Object.keys(properties)),
  ...allOf.flatMap(membersOf),
]

const tables: [string, Record<string, unknown>][] = [
  ['RunSummary', runSummaryFields],
  ['RunDetail', runFields],
  ['Agent', agentFields],
  ['AgentStake', agentStakeFields],
  ['ClaimEligibility', eligibilityFields],
]

it.each(tables)('every member of a %s is either proven, or listed as not proven', (name, fields) => {
  expect(Object.keys(fields).toSorted()).toEqual(membersOf(schemas[name] ?? {}).toSorted())
})

const page = readFileSync('docs/api.md', 'utf8')

/** The names in code spans of the first cells of the table under a heading. */
function namesUnder(heading: string): string[] {
  const [, section = ''] = page.split(`## ${heading}\n`)
  const [table = ''] = section.split('\n##')
  const cells = [...table.matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell = '']) => cell)
  return cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name))
}

it('the page names the same members', () => {
  const all = tables.flatMap(([, fields]) => Object.entries(fields))
  const unproven = new Set(['pagination', ...all.flatMap(([name, rule]) => (rule === UNPROVEN ? [name] : []))])
  const proven = new Set(all.flatMap(([name, rule]) => (rule === UNPROVEN ? [] : [name])))
  expect(namesUnder('What is not proven').toSorted()).toEqual([...unproven].toSorted())
  expect(namesUnder('What proves each member').toSorted()).toEqual([...proven].toSorted())
  for (const name of unproven) expect(verifiedInstructions).toMatch(new RegExp(`\\b${name}\\b`))
})
