type Schema = {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  additionalProperties?: Schema | boolean
  allOf?: Schema[]
  anyOf?: Schema[]
  oneOf?: Schema[]
}

/** The answers that the Python client returns. */
const roots = [
  'RunSummary',
  'RunDetail',
  'RunEventList',
  'Agent',
  'AgentStake',
  'ClaimEligibility',
  'ClaimState',
  'ActionState',
].concat([
  'Poster',
  'Stats',
  'StatsHistory',
  'Market',
  'Action',
  'AgentAction',
  'Claim',
  'Collection',
  'ApplicationList',
  'Done',
])

const names: Record<string, string> = {
  string: 'str',
  integer: 'int',
  number: 'float',
  boolean: 'bool',
  null: 'None',
  object: 'dict[str, Any]',
}

const MAX_COLUMNS = 120

/** The most values of a member that are written out: more are a text. */
const MAX_CHOICES = 9

const literal = (value: unknown) => JSON.stringify(value).replace('null', 'None').replace('true', 'True')

/** Python source with a TypedDict for each answer, and for each object in it. */
export function pythonTypes({ components: { schemas } }: { components: { schemas: Record<string, Schema> } }): string {
  const written = new Map<string, string>()

  /** A component with more members. */
  function joined({ $ref = '' }: Schema, more: Schema): Schema {
    const component = schemas[$ref.split('/').at(-1) ?? ''] ?? {}
    return {
      properties: { ...component.properties, ...more.properties },
      required: [...(component.required ?? []), ...(more.required ?? [])],
    }
  }

  /** The type of the schema. @param name that of an object without a name of its own. */
  function typeOf(schema: Schema, name: string): string {
    const { $ref, allOf, anyOf, oneOf, properties, items, additionalProperties, type } = schema
    const options = anyOf ?? oneOf
    if (options) return [...new Set(options.map((option) => typeOf(option, name)))].join(' | ')
    const [base, more] = allOf ?? []
    if (base && more?.properties) return writeDict(joined(base, more), name)
    // A component with a description of its own.
    if (base) return typeOf(base, name)
    if ($ref) {
      const component = $ref.split('/').at(-1) ?? ''
      // Their members depend on the code: `ProblemError` has them.
      return component.endsWith('Problem') ? 'dict[str, Any]' : typeOf(schemas[component] ?? {}, component)
    }
    if (schema.enum) return schema.enum.length > MAX_CHOICES ? 'str' : `Literal[${schema.enum.map(literal).join(', ')}]`
    const orNone = [type].flat().includes('null') ? ' | None' : ''
    if (properties) return writeDict(schema, name) + orNone
    if (items) return `list[${typeOf(items, name.replace(/s$/, ''))}]${orNone}`
    if (typeof additionalProperties === 'object') return `dict[str, ${typeOf(additionalProperties, name)}]${orNone}`
    if (type === undefined) return 'Any'
    return [type]
      .flat()
      .map((one) => names[one])
      .join(' | ')
  }

  function writeDict({ properties = {}, required = [] }: Schema, name: string): string {
    const members = Object.entries(properties).map(([member, schema]) => {
      const type = typeOf(schema, `${name}${member.charAt(0).toUpperCase()}${member.slice(1)}`)
      return `"${member}": ${required.includes(member) ? type : `"NotRequired[${type.replaceAll('"', "'")}]"`}`
    })
    const body = wrap(members)
    const same = [...written].find(([, other]) => other === body)
    if (same) return same[0]
    written.set(name, body)
    return name
  }

  for (const root of roots) typeOf({ $ref: `#/components/schemas/${root}` }, root)
  return `"""The answers of the API. Generated from its routes by \`npm run client:types\`. Do not edit."""

from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    from typing_extensions import NotRequired  # noqa: F401

${[...written].map(([name, body]) => `${name} = TypedDict("${name}", {\n${body}})\n`).join('')}`
}

/** The members, as many in a line as fit. */
function wrap(members: readonly string[]): string {
  const lines: string[] = []
  for (const member of members) {
    const last = lines.at(-1)
    const longer = `${last} ${member},`
    if (last !== undefined && longer.length <= MAX_COLUMNS) lines[lines.length - 1] = longer
    else lines.push(`    ${member},`)
  }
  return lines.join('\n').replace(/,$/, '')
}
