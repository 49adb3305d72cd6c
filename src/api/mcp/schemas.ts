export type Schema = { [keyword: string]: unknown; $ref?: string; items?: Schema }
type Parameter = { name: string; in: string; required?: boolean; schema: Schema }
type Reference = { $ref: string }
type Content = { 'application/json'?: { schema: Schema } }

/** An operation of the API's OpenAPI document. */
export type Operation = {
  operationId: string
  summary: string
  description: string
  parameters?: (Parameter | Reference)[]
  responses: Record<string, { content?: Content }>
}

/** The named schemas of the document. */
export type Components = Record<string, Schema>

/** The part of an OpenAPI document that the tools need. */
export type ApiDescription = {
  info: { title: string; version: string; description: string }
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Components; parameters: Record<string, Parameter> }
}

/** An input of a tool: the API's own schema of it, and whether it is required. */
export type Input = { schema: Schema; isRequired: boolean }

/** What a model reads about each input. Short, because every conversation pays for the list of the tools. */
const descriptions: Record<string, string> = {
  actionId: 'actionId or claimId.',
  agentId: 'Agent id.',
  claimable: 'Can be claimed now.',
  claimant: 'Wallet that alone may claim, or none.',
  claimedBy: 'Agent id.',
  cursor: 'nextCursor of a page.',
  evaluator: 'Address.',
  limit: 'At most 100.',
  minReward: 'Least reward in whole USDC.',
  order: 'Order.',
  owner: 'Address.',
  poster: 'Address.',
  q: 'Words of the brief; "a phrase", or, -word.',
  runId: 'Run id.',
  sort: 'Ordered by.',
  staked: 'Has a stake.',
  state: 'State.',
  status: 'Trust.',
  tag: 'A tag of the brief.',
  wallet: 'Wallet that acts for them.',
}

/** The members whose texts accounts wrote on chain, or posted. */
const untrustedMembers = [
  'agentURI',
  'ipfsHash',
  'deliverableHash',
  'feedbackHash',
  'hash',
  'title',
  'summary',
  'tags',
  'brief',
  'note',
]

/**
 * Parameters that a model does not need: `cursor` leads through all pages, what it sends is answered once it is indexed, and the
 * message of a claim names a wallet that is not the agent's.
 */
const leftOut = ['page', 'minBlock', 'walletAddress']

/** These are of an agent's registration file. Elsewhere they are the market's: of an event, of a member of an ABI. */
const ofRegistrations = ['name', 'description']

/** Whether the member of that object is a text that an account wrote. */
export const isUntrusted = (name: string, object: object): boolean =>
  untrustedMembers.includes(name) ||
  ('agentURI' in object && ofRegistrations.includes(name)) ||
  // What `get_content` answers.
  ('mediaType' in object && name === 'text')

/** The parameters of the operation, where they are described. */
export const parametersOf = ({ parameters = [] }: Operation, components: ApiDescription['components']): Parameter[] =>
  parameters.map((given) => {
    const parameter = '$ref' in given ? components.parameters[given.$ref.split('/').at(-1) ?? ''] : given
    if (!parameter) throw new Error('The API’s description lacks a parameter. Use the API’s own version.')
    return parameter
  })

/** The parameters in path and query, by name. @param id the name for the `{id}` in the path. */
export function inputsOf(
  operation: Operation,
  id: string,
  components: ApiDescription['components'],
): Map<string, Input> {
  const inputs = new Map<string, Input>()
  for (const parameter of parametersOf(operation, components)) {
    if (parameter.in === 'header' || leftOut.includes(parameter.name)) continue
    const name = parameter.name === 'id' ? id : parameter.name
    inputs.set(name, { schema: resolve(parameter.schema, components.schemas), isRequired: parameter.required === true })
  }
  return inputs
}

/** The schema of a tool's input. It takes numbers and booleans as such or as text: models send either. */
export function inputSchemaOf(inputs: ReadonlyMap<string, Input>): Schema {
  const properties = [...inputs].map(([name, { schema }]) => {
    const description = descriptions[name]
    if (description === undefined) throw new Error(`No description for the input ${name} of a tool: add it`)
    const allowed = schema.enum as string[] | undefined
    if (allowed?.includes('true')) return [name, { type: ['boolean', 'string'], description }]
    const choice = allowed ? ` One of ${allowed.join(', ')}.` : ''
    return [
      name,
      { type: isNumeric(name, schema) ? ['number', 'string'] : 'string', description: description + choice },
    ]
  })
  const required = [...inputs].flatMap(([name, { isRequired }]) => (isRequired ? [name] : []))
  return objectOf(Object.fromEntries(properties), required)
}

/** An object with these members. The request or the tool refuses others: to say so here would make the list of the tools longer. */
export const objectOf = (properties: Record<string, Schema>, required: string[]): Schema => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
})

const isNumeric = (name: string, { type }: Schema) =>
  name === 'minReward' || type === 'integer' || (Array.isArray(type) && type.includes('integer'))

/** The value as the API spells it, which has `OPEN` and `true` as text. */
export function textOf(value: unknown, schema: Schema | undefined): string {
  const text = String(value)
  const allowed = schema?.enum as string[] | undefined
  return allowed?.find((choice) => choice.toLowerCase() === text.toLowerCase()) ?? text
}

/**
 * The names of the members of a success of any status: a claim that is not decided in time is one too. Types and
 * constraints stay out, because with them the list of the tools would be 10,000 tokens of every conversation.
 * @returns undefined if no member is untrusted: such a result explains itself.
 */
export function outputSchemaOf({ responses }: Operation, components: Components): Schema | undefined {
  const successes = Object.entries(responses).filter(([status]) => status.startsWith('2'))
  const bodies = successes.map(([, { content }]) => content?.['application/json']?.schema ?? {})
  const members = { untrusted: {}, ...membersOf(bodies, components) }
  const properties = namesOf(members, components)
  return JSON.stringify(properties).includes('"untrusted"}') ? { type: 'object', properties } : undefined
}

/** The names of the members, and of those of the items of a list. Other objects explain themselves. */
function namesOf(members: Record<string, Schema>, components: Components): Record<string, Schema> {
  const named = Object.entries(members).map(([name, member]): [string, Schema] => {
    if (isUntrusted(name, members)) return [name, { description: 'untrusted' }]
    const { items = {} } = resolve(member, components)
    const below = namesOf(membersOf([items], components), components)
    return [name, Object.keys(below).length > 0 ? { items: { properties: below } } : {}]
  })
  return Object.fromEntries(named)
}

/** The members of any of these objects. */
function membersOf(schemas: readonly Schema[], components: Components): Record<string, Schema> {
  const all = schemas.map((schema): Record<string, Schema> => {
    const { properties = {}, anyOf, oneOf, allOf } = resolve(schema, components)
    const options = (anyOf ?? oneOf ?? allOf ?? []) as Schema[]
    return { ...membersOf(options, components), ...(properties as Record<string, Schema>) }
  })
  return Object.assign({}, ...all)
}

const COMPONENTS = '#/components/schemas/'

const resolve = (schema: Schema, components: Components): Schema => {
  if (schema.$ref === undefined) return schema
  const named = components[schema.$ref.slice(COMPONENTS.length)]
  if (!named) throw new Error(`The API describes no schema ${schema.$ref}. Use the API's own version.`)
  return resolve(named, components)
}
