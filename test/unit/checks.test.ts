import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { checksSchema } from '../../core/checks/checksSchema.ts'
import { runChecks } from '../../core/checks/runChecks.js'
import { contentUri } from '../../packages/client/src/content.ts'
import { readBrief } from '../../src/api/content/brief.ts'
import { checkContent } from '../../src/api/content/checkContent.ts'

const rivers = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'array',
  minItems: 3,
  uniqueItems: true,
  items: { $ref: '#/$defs/river' },
  $defs: { river: { type: 'object', required: ['name'], properties: { name: { type: 'string', minLength: 1 } } } },
}

const nested = (levels: number): object => (levels === 0 ? {} : { not: nested(levels - 1) })

/** A schema whose definitions each name the next one twice. */
const doubling = (levels: number) => ({
  $ref: '#/$defs/d0',
  $defs: Object.fromEntries(
    Array.from({ length: levels }, (_, level) => {
      const next = { $ref: `#/$defs/d${level + 1}` }
      return [`d${level}`, level + 1 === levels ? true : { allOf: [next, next] }]
    }),
  ),
})

const manyUrls = Array(6).fill({ url: 'https://example.com', contentType: 'text/html' })

describe('checks of a brief', () => {
  it.each<[string, object]>([
    ['a schema', { schema: rivers }],
    ['a schema of 16 levels', { schema: nested(15) }],
    ['a property called pattern', { schema: { properties: { pattern: { const: { pattern: '(a+)+$' } } } } }],
    ['a property called __proto__', { schema: JSON.parse('{"properties":{"__proto__":{"type":"string"}}}') }],
    ['a hash', { sha256: 'a'.repeat(64) }],
    ['sizes', { minBytes: 1, maxBytes: 32_768 }],
    ['a URL', { urls: [{ url: 'https://example.com:8443/a?b#c', contentType: 'application/vnd.api+json' }] }],
  ])('with %s are accepted', (_, checks) => {
    expect(checksSchema.safeParse(JSON.parse(JSON.stringify(checks))).error?.issues).toBeUndefined()
  })

  it.each<[string, unknown, string, string]>([
    ['none', {}, 'checks', 'must have a check'],
    ['an empty list of URLs', { urls: [] }, 'checks', 'must have a check'],
    ['an unknown check', { maxBytes: 1, virus: true }, 'checks.virus', 'is not known here'],
    [
      'pattern',
      { schema: { items: { pattern: '(a+)+$' } } },
      'checks.schema.items.pattern',
      'is no keyword that checks may use, got "(a+)+$"',
    ],
    [
      'patternProperties',
      { schema: { patternProperties: {} } },
      'checks.schema.patternProperties',
      'is no keyword that checks may use',
    ],
    ['format', { schema: { format: 'regex' } }, 'checks.schema.format', 'is no keyword that checks may use'],
    ['$id', { schema: { $id: 'https://example.com' } }, 'checks.schema.$id', 'is no keyword that checks may use'],
    [
      'a keyword of the validator itself',
      { schema: { __absolute_ref__: '#' } },
      'checks.schema.__absolute_ref__',
      'is no keyword',
    ],
    ['constructor', { schema: { constructor: {} } }, 'checks.schema.constructor', 'is no keyword'],
    [
      'a remote $ref',
      { schema: { $ref: 'http://169.254.169.254/' } },
      'checks.schema.$ref',
      'must name a definition of this schema, such as #/$defs/river, got "http://169.254.169.254/"',
    ],
    ['a $ref of itself', { schema: { $ref: '#' } }, 'checks.schema.$ref', 'must name a definition'],
    [
      'a $ref of no definition',
      { schema: { $ref: '#/$defs/toString' } },
      'checks.schema.$ref',
      'must name a definition',
    ],
    [
      'a circular $ref',
      { schema: { items: { $ref: '#/$defs/a' }, $defs: { a: { items: { $ref: '#/$defs/a' } } } } },
      'checks.schema.$defs.a',
      'is nested deeper than 16 schemas, or refers to itself',
    ],
    ['17 levels', { schema: nested(16) }, 'checks.schema.not', 'is nested deeper than 16 schemas'],
    ['1,000 levels', { schema: nested(1_000) }, 'checks.schema.not', 'is nested deeper than 16 schemas'],
    ['4,000 schemas', { schema: { anyOf: Array(4_000).fill({}) } }, 'checks.schema', 'has more than 1000 schemas'],
    [
      'definitions that double eight times',
      { schema: doubling(8) },
      'checks.schema',
      'has more than 1000 schemas, $ref included',
    ],
    ['required of numbers', { schema: { required: [1] } }, 'checks.schema.required', 'must be a list of texts'],
    [
      'an unknown type',
      { schema: { type: ['string', 'date'] } },
      'checks.schema.type',
      'must be one or more of array, boolean',
    ],
    [
      'properties in a list',
      { schema: { properties: [] } },
      'checks.schema.properties',
      'must be an object of schemas',
    ],
    ['allOf of one', { schema: { allOf: {} } }, 'checks.schema.allOf', 'must be a list of schemas'],
    ['items in a list', { schema: { items: [{}] } }, 'checks.schema.items', 'must be a schema'],
    [
      'a negative length',
      { schema: { minLength: -1 } },
      'checks.schema.minLength',
      'must be a whole number from 0, got -1',
    ],
    ['a hash in upper case', { sha256: 'A'.repeat(64) }, 'checks.sha256', 'must be 64 digits of 0-9 and a-f'],
    ['a size that no delivery has', { maxBytes: 32_769 }, 'checks.maxBytes', 'Too big'],
    [
      'a file',
      { urls: [{ url: 'file:///etc/passwd', contentType: 'text/plain' }] },
      'checks.urls.0.url',
      'must be a URL of http or https',
    ],
    [
      'a user',
      { urls: [{ url: 'https://a:b@example.com/', contentType: 'text/html' }] },
      'checks.urls.0.url',
      'must be a URL of http or https, without a user',
    ],
    ['six URLs', { urls: manyUrls }, 'checks.urls', 'Too big'],
  ])('with %s are refused by the field and the value', (_, checks, field, complaint) => {
    const bytes = new TextEncoder().encode(JSON.stringify({ title: 'T', checks }))
    const before = process.threadCpuUsage()
    const { error } = readBrief(JSON.parse(new TextDecoder().decode(bytes)))
    expect(process.threadCpuUsage(before).user).toBeLessThan(500_000)
    expect(error?.issues).toHaveLength(1)
    const checked = checkContent('application/json', bytes)
    // JSON of more than 32 levels is refused before it can be a brief.
    if ('complaint' in checked) return expect(checked.complaint).toBe('must not be nested deeper than 32 levels')
    expect(checked.brief).toBeUndefined()
    expect(checked.briefComplaint?.slice(0, field.length)).toBe(field)
    expect(checked.briefComplaint).toContain(complaint)
  })
})

describe('a delivery', () => {
  const failed = (checks: object, text: string) =>
    runChecks(checksSchema.parse(checks), { uri: contentUri(text), text })
      .filter(({ complaint }) => complaint !== undefined)
      .map(({ name, complaint }) => `${name}: ${complaint}`)
  const sha256 = createHash('sha256').update('Elbe').digest('hex')
  const three = JSON.stringify([{ name: 'Elbe' }, { name: 'Oder' }, { name: 'Rhine' }])

  it.each<[string, object, string, string[]]>([
    ['that is right', { schema: rivers }, three, []],
    ['that is no JSON', { schema: rivers }, 'Elbe', ['JSON Schema: the delivery is no JSON']],
    [
      'of two rivers',
      { schema: rivers },
      '[{"name":"Elbe"},{"name":"Oder"}]',
      ['JSON Schema: #: Array has too few items (2 < 3).'],
    ],
    [
      'without a name',
      { schema: rivers },
      three.replace('"name":"Oder"', ''),
      ['JSON Schema: #/1: Instance does not have required property "name".'],
    ],
    [
      'that says it has the names of all objects',
      { schema: { required: ['toString'] } },
      '{}',
      ['JSON Schema: #: Instance does not have required property "toString".'],
    ],
    ['with the hash', { sha256 }, 'Elbe', []],
    [
      'with another hash',
      { sha256 },
      'Elbe\n',
      [`sha256 ${sha256}: the delivery has sha256 ${createHash('sha256').update('Elbe\n').digest('hex')}`],
    ],
    ['that is too short', { minBytes: 5 }, 'Elbe', ['at least 5 bytes: the delivery has 4 bytes']],
    ['that is too long in bytes', { maxBytes: 4 }, 'Elbé', ['at most 4 bytes: the delivery has 5 bytes']],
    [
      'that fails two checks',
      { schema: rivers, maxBytes: 3 },
      'Elbe',
      ['JSON Schema: the delivery is no JSON', 'at most 3 bytes: the delivery has 4 bytes'],
    ],
  ])('%s', (_, checks, text, complaints) => {
    expect(failed(checks, text)).toEqual(complaints)
  })

  const deep = `${'['.repeat(16_000)}${']'.repeat(16_000)}`
  it.each<[string, object, string]>([
    ['16,000 levels', { type: 'object' }, deep],
    ['16,000 levels, twice, compared', { uniqueItems: true, minItems: 3 }, `[${deep},${deep}]`],
    ['half a surrogate pair as a key', { additionalProperties: { type: 'string' } }, '{"\\ud800":1}'],
    ['keys of lines', { additionalProperties: false }, JSON.stringify({ ['a\n\u202e'.repeat(1_000)]: 1 })],
  ])('of %s fails in a line of at most 340 characters', (_, schema, text) => {
    const [complaint = '', ...others] = failed({ schema }, text)
    expect(others).toEqual([])
    expect(complaint).toMatch(/^JSON Schema: [^\n]{1,320}$/)
  })
})
