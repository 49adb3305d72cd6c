import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { allSettings, parseEnv } from '../../core/env.ts'

/** The rows of the tables: a setting and its default. */
const rows = [...readFileSync('docs/settings.md', 'utf8').matchAll(/^\| `([A-Z_]+)` \| (.+?) \|/gm)].map(
  ([, name = '', cell = '']) => ({ name, cell }),
)

/** @returns its default if it has no value, and undefined if there is none. @throws if the value is not allowed. */
function read(name: string, value?: string) {
  try {
    return Object.values(parseEnv([name as (typeof allSettings)[number]], { [name]: value }))[0]
  } catch (error) {
    if (value === undefined && String(error).includes(`${name}: is missing`)) return undefined
    throw error
  }
}

describe('docs/settings.md', () => {
  it('has one row for each setting', () => {
    expect(rows.map(({ name }) => name).sort()).toEqual([...allSettings].sort())
  })

  it.each(rows)('has the default of $name', ({ name, cell }) => {
    const documented = /^`(.+)`$/.exec(cell)?.[1]
    if (documented === undefined) expect(['–', 'by chain']).toContain(cell)
    expect(read(name)).toEqual(documented === undefined ? undefined : read(name, documented))
  })
})
