const types = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isText = (value: unknown): value is string => typeof value === 'string'
const isCount = (value: unknown) => Number.isInteger(value) && Number(value) >= 0

/** Keywords whose value has no schemas, what it must be, and the complaint where it is not. */
const plain: [string[], (value: unknown) => boolean, string][] = [
  [['const', 'default'], () => true, ''],
  [['$schema', '$comment', 'title', 'description'], isText, 'must be a text'],
  [
    ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
    (value) => typeof value === 'number',
    'must be a number',
  ],
  [['minLength', 'maxLength', 'minItems', 'maxItems'], isCount, 'must be a whole number from 0'],
  [['minContains', 'maxContains', 'minProperties', 'maxProperties'], isCount, 'must be a whole number from 0'],
  [['uniqueItems'], (value) => typeof value === 'boolean', 'must be true or false'],
  [['enum', 'examples'], Array.isArray, 'must be a list'],
  [['required'], (value) => Array.isArray(value) && value.every(isText), 'must be a list of texts'],
  [
    ['type'],
    (value) => [value].flat().every((each) => types.includes(String(each))),
    `must be one or more of ${types.join(', ')}`,
  ],
]

/**
 * Keywords other than these, those with schemas and `$ref` are refused, because a validator would skip them: `pattern` and
 * `patternProperties` may take exponential time, and `format` too; `$id` and `$anchor` only help to refer elsewhere.
 */
const rules = new Map(plain.flatMap(([names, ...rule]) => names.map((name) => [name, rule] as const)))

/** Keywords whose value is a schema, a list of schemas, and schemas by name. */
const withSchema = ['items', 'contains', 'additionalProperties', 'propertyNames', 'not', 'if', 'then', 'else']
const withSchemas = ['prefixItems', 'allOf', 'anyOf', 'oneOf']
const withNamed = ['properties', '$defs']

/** With `$ref` replaced by what it names, so that a circular one is too deep, and one that repeats itself is too large. */
const MAX_DEPTH = 16
const MAX_SUBSCHEMAS = 1_000

const DEFINITION = /^#\/\$defs\/([A-Za-z0-9_-]+)$/

/** Where a schema cannot be used, and why. */
export type Complaint = { path: string[]; message: string }

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
    if (withSchema.includes(name)) return visit(value, path, depth)
    if (withSchemas.includes(name)) {
      if (!Array.isArray(value)) return { path, message: 'must be a list of schemas' }
      return visitEach(value, path, depth)
    }
    if (withNamed.includes(name)) {
      if (!isObject(value)) return { path, message: 'must be an object of schemas' }
      return visitEach(value, path, depth)
    }
    if (name === '$ref') {
      const [, definition] = DEFINITION.exec(String(value)) ?? []
      if (definition === undefined || !Object.hasOwn(definitions, definition)) {
        return { path, message: 'must name a definition of this schema, such as #/$defs/river' }
      }
      return visit(definitions[definition], ['$defs', definition], depth)
    }
    const rule = rules.get(name)
    if (!rule) return { path, message: 'is no keyword that checks may use' }
    const [isRight, message] = rule
    return isRight(value) ? undefined : { path, message }
  }

  const visitEach = (schemas: object, path: string[], depth: number) =>
    first(Object.entries(schemas), ([key, each]) => visit(each, [...path, key], depth))

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
