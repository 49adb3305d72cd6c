/** What a keyword's value must be. `schema`, `schemas` and `named` are schemas: one, a list, and by name. */
type Shape =
  | 'any'
  | 'text'
  | 'number'
  | 'count'
  | 'flag'
  | 'list'
  | 'names'
  | 'type'
  | 'schema'
  | 'schemas'
  | 'named'
  | 'ref'

/**
 * The keywords that a schema may have. Others are refused, because a validator would skip them: `pattern` and
 * `patternProperties` may take exponential time, and `format` too; `$id` and `$anchor` only help to refer elsewhere.
 */
const keywords = new Map<string, Shape>(
  Object.entries({
    any: ['const', 'default'],
    text: ['$schema', '$comment', 'title', 'description'],
    number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
    count: [
      'minLength',
      'maxLength',
      'minItems',
      'maxItems',
      'minContains',
      'maxContains',
      'minProperties',
      'maxProperties',
    ],
    flag: ['uniqueItems'],
    list: ['enum', 'examples'],
    names: ['required'],
    type: ['type'],
    schema: ['items', 'contains', 'additionalProperties', 'propertyNames', 'not', 'if', 'then', 'else'],
    schemas: ['prefixItems', 'allOf', 'anyOf', 'oneOf'],
    named: ['properties', '$defs'],
    ref: ['$ref'],
  } satisfies Record<Shape, string[]>).flatMap(([shape, names]) =>
    names.map((name) => [name, shape as Shape] as const),
  ),
)

const types = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']

/** With `$ref` replaced by what it names, so that a circular one is too deep, and one that repeats itself is too large. */
const MAX_DEPTH = 16
const MAX_SUBSCHEMAS = 1_000

const DEFINITION = /^#\/\$defs\/([A-Za-z0-9_-]+)$/

/** Where a schema cannot be used, and why. */
export type Complaint = { path: string[]; message: string }

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string')

/** What the value of a keyword without schemas must be, and the complaint where it is not. */
const rules: Partial<Record<Shape, [(value: unknown) => boolean, string]>> = {
  text: [(value) => typeof value === 'string', 'must be a text'],
  number: [(value) => typeof value === 'number', 'must be a number'],
  count: [(value) => Number.isInteger(value) && Number(value) >= 0, 'must be a whole number from 0'],
  flag: [(value) => typeof value === 'boolean', 'must be true or false'],
  list: [Array.isArray, 'must be a list'],
  names: [isTexts, 'must be a list of texts'],
  type: [
    (value) => [value].flat().every((each) => types.includes(String(each))),
    `must be one or more of ${types.join(', ')}`,
  ],
}

/**
 * Why a JSON Schema of a brief is refused; undefined if it can be used. One that passes makes the validator neither compile
 * anything, nor fetch, nor throw, and bounds the work for each value of a delivery.
 */
export function complaintOfSchema(root: Record<string, unknown>): Complaint | undefined {
  const definitions = isObject(root.$defs) ? root.$defs : {}
  let count = 0

  function visit(schema: unknown, path: string[], depth: number): Complaint | undefined {
    if (typeof schema === 'boolean') return undefined
    if (!isObject(schema)) return { path, message: 'must be a schema: an object, true or false' }
    if (depth > MAX_DEPTH) return { path, message: `is nested deeper than ${MAX_DEPTH} schemas, or refers to itself` }
    if (++count > MAX_SUBSCHEMAS) return { path: [], message: `has more than ${MAX_SUBSCHEMAS} schemas, $ref included` }
    return first(Object.entries(schema), ([name, value]) => visitKeyword(name, value, [...path, name], depth + 1))
  }

  /** @param depth of schemas in the value. */
  function visitKeyword(name: string, value: unknown, path: string[], depth: number): Complaint | undefined {
    const shape = keywords.get(name)
    if (shape === undefined) return { path, message: 'is no keyword that checks may use' }
    if (shape === 'schema') return visit(value, path, depth)
    if (shape === 'schemas') {
      if (!Array.isArray(value)) return { path, message: 'must be a list of schemas' }
      return first([...value.entries()], ([index, each]) => visit(each, [...path, String(index)], depth))
    }
    if (shape === 'named') {
      if (!isObject(value)) return { path, message: 'must be an object of schemas' }
      return first(Object.entries(value), ([key, each]) => visit(each, [...path, key], depth))
    }
    if (shape === 'ref') {
      const [, definition] = DEFINITION.exec(String(value)) ?? []
      if (definition === undefined || !Object.hasOwn(definitions, definition)) {
        return { path, message: 'must name a definition of this schema, such as #/$defs/river' }
      }
      return visit(definitions[definition], ['$defs', definition], depth)
    }
    const [isRight, message] = rules[shape] ?? []
    return isRight?.(value) === false ? { path, message: String(message) } : undefined
  }

  return visit(root, [], 1)
}

/** The first complaint about any of the items. */
function first<Item>(items: Item[], complaintOf: (item: Item) => Complaint | undefined): Complaint | undefined {
  for (const item of items) {
    const complaint = complaintOf(item)
    if (complaint) return complaint
  }
  return undefined
}
