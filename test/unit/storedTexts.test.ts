import { expect, it } from 'vitest'
import { briefText } from '../../src/api/board/briefText.ts'
import { contentText } from '../../src/api/board/namedContent.ts'

const BYTES = 31_000
const DELETE = '\u007f'

/** The most bytes of a page's part. */
const MAX_BYTES = 200_000

const hostileTexts = {
  'one character': DELETE.repeat(BYTES),
  'two characters in turn': `${DELETE}\u0001`.repeat(BYTES / 2),
  'an invisible character behind each visible one': `a${DELETE}`.repeat(BYTES / 2),
  'quotation marks': '"'.repeat(BYTES),
}

it.each(Object.entries(hostileTexts))('a text of %s makes no page of megabytes, as brief and as content', (_, text) => {
  const conditions = Array.from({ length: 50 }, (_, place) => text.slice(place * 600, (place + 1) * 600))
  const pages = [
    briefText({ title: 'a', acceptance: [text] }),
    briefText({ title: 'a', acceptance: conditions }),
    contentText({ mediaType: 'text/plain', text }),
    contentText({ mediaType: 'text/markdown', text }),
    contentText({ mediaType: 'application/json', text }),
  ]
  for (const page of pages) expect(Buffer.byteLength(String(page))).toBeLessThan(MAX_BYTES)
})

it('a run of invisible characters is named once, by the first of them and their number', () => {
  expect(String(contentText({ mediaType: 'text/plain', text: `a${DELETE}\u0001b${DELETE.repeat(1_000)}` }))).toContain(
    'a<span class="escape">U+007F U+0001</span>b<span class="escape">U+007F U+007F U+007F and 997 more</span>',
  )
})

it('behind the 200th run, each further one is a replacement character', () => {
  const page = String(contentText({ mediaType: 'text/plain', text: `a${DELETE}`.repeat(202) }))
  expect(page.match(/class="escape"/g)).toHaveLength(200)
  expect(page).toContain('a\uFFFDa\uFFFD</bdi>')
})
