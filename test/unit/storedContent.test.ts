import { describe, expect, it } from 'vitest'
import { readContent } from '../../core/content.ts'
import { contentUri } from '../../packages/client/src/content.ts'
import { cidOf, uriOf } from '../../src/api/content/cid.ts'

it.each(['', 'work', 'Größe: 42 – fertig', '{"title":"Draw a logo"}', 'x'.repeat(32_000)])(
  'contentUri is the URI by which the API stores %.20s',
  async (text) => {
    expect(contentUri(text)).toBe(uriOf(await cidOf(new TextEncoder().encode(text))))
  },
)

describe('readContent', () => {
  it.each([
    [{ missing: ['tests'] }, '{"missing":["tests"]}'],
    ['{ "title": "Draw" }', '{ "title": "Draw" }'],
    ['[1]', '[1]'],
  ])('takes %j as JSON', (given, text) => {
    expect(readContent(given)).toEqual({ text, mediaType: 'application/json' })
  })

  it.each(['# Done', '42', 'null', '"quoted"', '{ not JSON }', ''])('takes %j as Markdown', (text) => {
    expect(readContent(text)).toEqual({ text, mediaType: 'text/markdown' })
  })
})
