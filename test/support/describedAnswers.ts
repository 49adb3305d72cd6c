import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { expect, inject } from 'vitest'

type Reference = { $ref: string }
type Described = { content?: Record<string, unknown>; headers?: Record<string, { required: boolean } | Reference> }
type Operation = { responses: Record<string, Described | Reference> }

/** An answer whose body is parsed. `body` is empty text where the answer has none. */
export type Answer = {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: the tests' assertions check it
  body: any
}

type Part = { $ref: string } | { properties: object; required?: string[] }

const document = JSON.parse(inject('apiDescription'))
const description: { paths: Record<string, Record<string, Operation>> } = JSON.parse(
  JSON.stringify(document, (_, value) => (value?.allOf ? merged(value.allOf) : value)),
  closed,
)
const ajv = new Ajv2020({ strict: false, allErrors: true })
formats.default(ajv)
ajv.addSchema({ ...description, $id: 'openapi' })

const routes = Object.keys(description.paths).map((path) => ({
  path,
  pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
}))

/** Clients must ignore members that they do not know, so the description allows them. The tests allow none. */
function closed(_: string, value: unknown) {
  const isObjectSchema =
    typeof value === 'object' && value !== null && 'properties' in value && !('additionalProperties' in value)
  return isObjectSchema ? { ...value, additionalProperties: false } : value
}

/** A schema that adds members to another one, as one object: only that can refuse members that neither has. */
function merged(parts: Part[]): object {
  const all = parts.map((part) => follow<Extract<Part, { properties: object }>>(document, part))
  const required = all.flatMap((part) => part.required ?? [])
  return { type: 'object', properties: Object.assign({}, ...all.map(({ properties }) => properties)), required }
}

/** What a reference in the document refers to, and anything else as it is. */
export function follow<Value extends object>(document: object, value: Value | Reference): Value {
  if (!('$ref' in value)) return value
  const names = value.$ref.split('/').slice(1)
  return names.reduce<unknown>((parent, name) => (parent as Record<string, unknown>)[name], document) as Value
}

function describedPath(url: string): string | undefined {
  const { pathname } = new URL(url, 'http://localhost')
  return routes.find(({ pattern }) => pattern.test(pathname))?.path
}

export const isDescribed = (url: string): boolean => describedPath(url) !== undefined

/** Fails unless the answer is as the OpenAPI document describes it: its status, media type, headers and body. */
export function expectDescribed(method: string, url: string, answer: Answer) {
  expect(departure(method, url, answer), `${method} ${url}`).toBeUndefined()
}

/** How the answer departs from the description, if it does. */
export function departure(method: string, url: string, { status, headers, body }: Answer): string | undefined {
  // A path without a route has no description.
  if (body?.code === 'ROUTE_NOT_FOUND') return undefined
  const path = describedPath(url)
  if (path === undefined) return `${url} is not described`
  const described = description.paths[path]?.[method.toLowerCase()]?.responses[status]
  if (described === undefined) return `${method} ${path} does not describe ${status}`
  const response = follow(description, described)
  const required = Object.entries(response.headers ?? {}).filter(([, header]) => follow(description, header).required)
  for (const name of [...required.map(([name]) => name), ...headersOf(method, path, status)]) {
    if (!headers.has(name)) return `${name} is missing`
  }
  if (response.content === undefined) return body === '' ? undefined : `${status} has no body in the description`
  const mediaType = headers.get('Content-Type')?.split(';')[0] ?? ''
  if (!(mediaType in response.content)) return `${method} ${path} does not describe ${status} ${mediaType}`
  const inPath = ['paths', path, method.toLowerCase(), 'responses', String(status)]
  const place = '$ref' in described ? described.$ref.split('/').slice(1) : inPath
  const validate = validatorOf([...place, 'content', mediaType, 'schema'])
  return validate(body) ? undefined : ajv.errorsText(validate.errors)
}

/** The headers of all such answers, which the guide names. */
const headersOf = (method: string, path: string, status: number): string[] => [
  'Access-Control-Allow-Origin',
  'Access-Control-Expose-Headers',
  ...(method.toUpperCase() !== 'GET' || status >= 400 ? ['X-Request-Id'] : []),
  ...(method.toUpperCase() === 'GET' && path.startsWith('/api/') ? ['Cache-Control'] : []),
]

/** Compiled once: some tests send thousands of requests. */
function validatorOf(pointer: readonly string[]) {
  const escaped = pointer.map((step) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1')))
  const $ref = `openapi#/${escaped.join('/')}`
  const known = ajv.getSchema($ref)
  if (known) return known
  throw new Error(`The description has no schema ${$ref}`)
}
