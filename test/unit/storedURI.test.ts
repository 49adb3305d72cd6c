import { describe, expect, it } from 'vitest'
import { storedURI } from '../../ponder.schema.ts'

const LIMIT = 2_048

describe('the stored URI', () => {
  it.each([
    ['', ''],
    ['ipfs://agent', 'ipfs://agent'],
    ['a'.repeat(LIMIT), 'a'.repeat(LIMIT)],
    ['\u{1F600}'.repeat(LIMIT / 4), '\u{1F600}'.repeat(LIMIT / 4)],
    ['a\0b\u0001c\u001f\u007f\u0085', 'a\uFFFDb\uFFFDc\uFFFD\uFFFD\uFFFD'],
  ])('%j is whole', (uri, agentURI) => {
    expect(storedURI(uri)).toEqual({ agentURI, agentURITruncated: false })
  })

  it.each([
    ['a', 'a'.repeat(LIMIT + 1), LIMIT],
    ['é', `a${'é'.repeat(LIMIT)}`, LIMIT - 1],
    ['€', '€'.repeat(LIMIT), LIMIT - 2],
    ['\u{1F600}', `ab${'\u{1F600}'.repeat(LIMIT)}`, LIMIT - 2],
    ['a control character', '\u0001'.repeat(18_000), LIMIT - 2],
  ])('of many %s is cut after a whole character', (_, uri, bytes) => {
    const { agentURI, agentURITruncated } = storedURI(uri)
    expect([Buffer.byteLength(agentURI), agentURITruncated]).toEqual([bytes, true])
    expect(uri.replaceAll('\u0001', '\uFFFD').startsWith(agentURI)).toBe(true)
    // A half character would not survive this.
    expect(Buffer.from(agentURI).toString()).toBe(agentURI)
    expect(JSON.stringify(agentURI).length).toBeLessThan(LIMIT + 3)
  })
})
