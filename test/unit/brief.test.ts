import { Ajv2020 } from 'ajv/dist/2020.js'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { identity } from 'multiformats/hashes/identity'
import { sha256, sha512 } from 'multiformats/hashes/sha2'
import { describe, expect, it } from 'vitest'
import { briefJsonSchema, readBrief } from '../../src/api/content/brief.ts'
import { checkContent } from '../../src/api/content/checkContent.ts'
import { cidOf, isStorableCid } from '../../src/api/content/cid.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)

const whole = {
  title: 'Translate a page into French',
  summary: 'A page of 600 words.',
  description: '# The page\n\nIt is attached.',
  acceptance: ['Complete', 'No machine translation'],
  tags: ['translation', 'c++', 'node.js'],
  attachments: [{ name: 'page.md', cid: 'bafkreiashee25ooqkxzfh4n2h2hm7ztlxoxapldegrnjhfxxjxhr2ks65m', size: 65 }],
}

const attachment = whole.attachments[0]

describe('a brief', () => {
  const validate = new Ajv2020({ strict: false }).compile(briefJsonSchema)

  it.each<[string, unknown, boolean]>([
    ['all members', whole, true],
    ['a title alone', { title: 'T' }, true],
    ['other members', { title: 'T', version: 2, __proto__: {} }, true],
    ['120 characters of two UTF-16 units', { title: '😀'.repeat(120) }, true],
    ['121 such characters', { title: '😀'.repeat(121) }, false],
    ['121 characters', { title: 'a'.repeat(121) }, false],
    ['no title', { summary: 'S' }, false],
    ['an empty title', { title: '' }, false],
    ['a blank title', { title: '   ' }, false],
    ['a title of two lines', { title: 'a\nb' }, false],
    ['a title with a NUL', { title: 'a\0b' }, false],
    ['a title with half a surrogate pair', { title: 'a\uD800' }, false],
    ['a title that is no text', { title: ['T'] }, false],
    ['a description with a NUL', { title: 'T', description: 'a\0' }, false],
    ['a description of several lines', { title: 'T', description: 'a\r\n\tb' }, true],
    ['eleven tags', { title: 'T', tags: Array(11).fill('a') }, false],
    ['a tag with an upper-case letter', { title: 'T', tags: ['Rust'] }, false],
    ['a tag with a space', { title: 'T', tags: ['a b'] }, false],
    ['a tag of 33 characters', { title: 'T', tags: ['a'.repeat(33)] }, false],
    ['an empty acceptance', { title: 'T', acceptance: [] }, true],
    ['an attachment without a size', { title: 'T', attachments: [{ ...attachment, size: undefined }] }, false],
    ['an attachment with a fraction of a byte', { title: 'T', attachments: [{ ...attachment, size: 0.5 }] }, false],
    ['an attachment with a URI', { title: 'T', attachments: [{ ...attachment, cid: 'ipfs://x' }] }, false],
    ['null', null, false],
    ['a list', [whole], false],
    ['null as a summary', { title: 'T', summary: null }, false],
  ])('with %s is valid, or not, as by its JSON Schema', (_, value, isBrief) => {
    // As it arrives: without members that are undefined.
    const json = JSON.parse(JSON.stringify(value))
    expect([readBrief(json).success, validate(json)]).toEqual([isBrief, isBrief])
  })
})

describe('content', () => {
  const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)

  it.each<[string, Parameters<typeof checkContent>[0], Uint8Array, string | undefined]>([
    ['JSON', 'application/json', bytesOf('{"a":[1,"[[["]}'), undefined],
    ['text', 'text/plain', bytesOf('a\n'), undefined],
    ['32 levels', 'application/json', bytesOf(nested(32)), undefined],
    ['33 levels', 'application/json', bytesOf(nested(33)), 'must not be nested deeper than 32 levels'],
    ['16,384 levels', 'application/json', bytesOf(nested(16_384)), 'must not be nested deeper than 32 levels'],
    ['levels in a string', 'application/json', bytesOf(JSON.stringify(`\\"${nested(5_000)}`)), undefined],
    ['an open bracket, 32,768 times', 'application/json', bytesOf('['.repeat(32_768)), 'is not valid JSON'],
    ['an escaped quote, 16,384 times', 'application/json', bytesOf('\\"'.repeat(16_384)), 'is not valid JSON'],
    ['a string of escaped quotes', 'application/json', bytesOf(`"${'\\"'.repeat(16_000)}"`), undefined],
    ['no bytes', 'text/plain', new Uint8Array(), 'must not be empty'],
    ['a byte that is not UTF-8', 'text/plain', new Uint8Array([0x61, 0xff]), 'is not valid UTF-8'],
    ['an overlong slash', 'text/plain', new Uint8Array([0xc0, 0xaf]), 'is not valid UTF-8'],
    ['half a surrogate pair', 'text/markdown', new Uint8Array([0xed, 0xa0, 0x80]), 'is not valid UTF-8'],
    ['JSON after a byte order mark', 'application/json', bytesOf('\uFEFF{}'), 'is not valid JSON'],
    ['two JSON values', 'application/json', bytesOf('{}{}'), 'is not valid JSON'],
  ])('of %s', (_, mediaType, bytes, complaint) => {
    const before = process.threadCpuUsage()
    const checked = checkContent(mediaType, bytes)
    expect('complaint' in checked ? checked.complaint : undefined).toBe(complaint)
    expect(process.threadCpuUsage(before).user).toBeLessThan(500_000)
  })

  it('is a brief as JSON only', () => {
    const bytes = bytesOf(JSON.stringify(whole))
    expect(checkContent('application/json', bytes)).toEqual({ brief: whole })
    expect(checkContent('text/plain', bytes)).toEqual({ brief: undefined })
  })
})

describe('a CID', () => {
  it('is that of other implementations', async () => {
    // ipfs add --cid-version 1 --raw-leaves, of "hello".
    expect(await cidOf(bytesOf('hello'))).toBe('bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq')
  })

  it('names what is stored in one form only', async () => {
    const bytes = bytesOf('hello')
    const digest = await sha256.digest(bytes)
    const cid = CID.createV1(raw.code, digest)
    expect(isStorableCid(cid.toString())).toBe(true)
    const others = {
      'version 0': CID.createV0(digest).toString(),
      'another codec': CID.createV1(0x70, digest).toString(),
      'another hash': CID.createV1(raw.code, await sha512.digest(bytes)).toString(),
      'another base': cid.toString(base58btc),
      'upper case': cid.toString().toUpperCase(),
      'a letter less': cid.toString().slice(0, -1),
      'a letter more': `${cid}a`,
      'the last letter with unused bits': cid.toString().replace(/q$/, 'r'),
      'an identity hash': CID.createV1(raw.code, identity.digest(bytes)).toString(),
      'a path': '../../etc/passwd',
      nothing: '',
    }
    for (const [what, text] of Object.entries(others)) expect([what, isStorableCid(text)]).toEqual([what, false])
  })
})
