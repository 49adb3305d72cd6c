import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { OpenAPIHono } from '@hono/zod-openapi'
import { type Address, zeroAddress } from 'viem'
import { exampleAgent } from './resources/agent.ts'
import { exampleCid } from './resources/content.ts'
import { problemResponses } from './routes/responses.ts'

const info = {
  openapi: '3.1.0',
  info: {
    title: 'Runline',
    version: '0.1.0',
    description: readFileSync(new URL('guide.md', import.meta.url), 'utf8'),
    contact: { name: 'The operator of this server' },
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/' }],
  security: [],
  tags: [
    { name: 'Runs', description: 'Work requests with a reward in escrow.' },
    { name: 'Claims', description: 'What an agent needs to claim a run.' },
    {
      name: 'Actions',
      description:
        'What accounts do by a signature that the relay sends, and what anyone may ask for. Compare a message with what you ' +
        'asked for before you sign it: the nonce of an authorization is the hash of what the money is for. There is no ' +
        'message for what the contracts would refuse at the block of the answer. A POST waits, up to 15 seconds, until the ' +
        'index shows the action. To repeat it is safe: a signed message is sent once.',
    },
    { name: 'Applications', description: 'Agents that offer to do a run whose poster chooses who works.' },
    { name: 'Agents', description: 'ERC-8004 identities, their stake and their status on the trust ladder.' },
    { name: 'Content', description: 'Briefs, deliveries and feedback: what runs name by a CID.' },
    { name: 'Market', description: 'The contracts, their terms, and the market in figures.' },
    { name: 'Stream', description: 'The changes of runs and agents, as they are indexed.' },
    { name: 'Health', description: 'The state of the process that answers.' },
  ],
}

type Reference = { $ref: string }
type Schema = Partial<Reference> & { description?: string; anyOf?: Reference[] }
type Response = { headers?: Record<string, { required?: boolean }>; content?: Record<string, { schema: Schema }> }
type Parameter = { name: string; required?: boolean; description?: string; example?: unknown; schema: Schema }
type Operation = { parameters?: (Parameter | Reference)[]; responses: Record<string, Response | Reference> }
type Schemas = Record<string, Schema & { properties?: Record<string, Domain> }>
type Domain = { properties?: { verifyingContract?: object } }

/** Values of the required parameters in examples. */
const exampleOf: Record<string, string | number> = {
  id: 1,
  agentId: 1,
  walletAddress: exampleAgent.walletAddress,
  claimId: `0x${'9a'.repeat(32)}`,
  actionId: `0x${'9a'.repeat(32)}`,
  runId: 1,
  signer: exampleAgent.walletAddress,
  deliverableHash: 'ipfs://QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG',
  feedbackHash: 'ipfs://QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG',
  file: 'BountyMarket.json',
  cid: exampleCid,
  poster: exampleAgent.walletAddress,
  owner: exampleAgent.walletAddress,
  from: exampleAgent.walletAddress,
  address: exampleAgent.walletAddress,
  agentURI: 'ipfs://QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG',
  ipfsHash: 'ipfs://QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG',
  reward: '100000000',
  amount: '20000000',
  note: 'I have translated such pages before.',
  deadline: 1_705_752_000,
}

/** What any route can answer, whatever its handler does. */
const sharedResponses = problemResponses(['RATE_LIMITED', 'INTERNAL'])

/**
 * Describes the routes of the app, with the refusals that all routes share.
 * @param addresses those of the contracts, of which one verifies each signature: so types of messages fit libraries that sign.
 * The zero address stands for none.
 * @returns an OpenAPI 3.1 document as JSON.
 */
export function describeApi(app: OpenAPIHono, addresses: readonly (Address | undefined)[]): string {
  const { openAPIRegistry, getOpenAPI31Document } = new OpenAPIHono()
  for (const definition of app.openAPIRegistry.definitions) {
    if (definition.type !== 'route') continue
    const { route } = definition
    openAPIRegistry.registerPath({ ...route, responses: { ...route.responses, ...sharedResponses } })
  }
  const document = getOpenAPI31Document(info)
  const methods = Object.values(document.paths ?? {}).flatMap(({ get, post, delete: remove }) => [get, post, remove])
  const operations = methods.filter((operation) => operation !== undefined) as Operation[]
  const schemas = document.components?.schemas as Schemas
  for (const operation of operations) for (const parameter of operation.parameters ?? []) describe(parameter, schemas)
  const typedData = Object.values(schemas).flatMap(({ properties }) => properties?.domain?.properties ?? [])
  const contracts = [...new Set(addresses)].filter((address) => address !== undefined && address !== zeroAddress)
  for (const domain of contracts.length > 0 ? typedData : []) {
    domain.verifyingContract = { type: 'string', enum: contracts }
  }
  const responses = operations.map((operation) => operation.responses)
  const components = {
    ...document.components,
    headers: shareHeaders(responses),
    responses: shareResponses(responses),
    parameters: shareParameters(operations),
  }
  // What many members are becomes a component.
  const { posterAddress, reward, deadline } = schemas.Run?.properties ?? {}
  const { actionId, txHash, status } = schemas.PendingAction?.properties ?? {}
  const shared: Record<string, object | undefined> = {
    Address: posterAddress,
    Amount: reward,
    Time: deadline,
    ActionId: actionId,
    Hash: txHash,
    PendingStatus: status,
  }
  const named = { ...document, components: { ...components, schemas: { ...schemas, ...shared } } }
  return JSON.stringify(named, (key, value) => {
    if (value?.type !== 'string' || key in shared) return value
    const name = Object.keys(shared).find((each) => isDeepStrictEqual(shared[each], value))
    return name ? { $ref: `#/components/schemas/${name}` } : value
  })
}

/** Gives what is required the example that a page prefills, and says nothing twice. */
function describe(parameter: Parameter | Reference, schemas: Schemas) {
  if ('$ref' in parameter) return
  const { name, schema } = parameter
  const { description } = schema.$ref ? (schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}) : schema
  if (schema.$ref && parameter.description === description) delete parameter.description
  else delete schema.description
  if (parameter.required) parameter.example = exampleOf[name]
}

/**
 * Replaces the required headers of all responses by references. Optional ones stay, because types that are generated from
 * a reference do not say that it is optional.
 * @returns the headers by name.
 */
function shareHeaders(operations: readonly Operation['responses'][]) {
  const shared: Record<string, object> = {}
  for (const response of operations.flatMap((responses) => Object.values(responses) as Response[])) {
    const headers = Object.entries(response.headers ?? {}).map(([name, header]) => {
      if (!header.required) return [name, header]
      shared[name] ??= header
      if (!isDeepStrictEqual(shared[name], header)) throw new Error(`The header ${name} has two descriptions`)
      return [name, { $ref: `#/components/headers/${name}` }]
    })
    if (headers.length > 0) response.headers = Object.fromEntries(headers)
    else delete response.headers
  }
  return shared
}

/** Replaces responses that several operations have by references. @returns those responses by name. */
function shareResponses(operations: readonly Operation['responses'][]) {
  const uses = operations.flatMap((responses) =>
    Object.entries(responses as Record<string, Response>).map(([status, response]) => ({
      responses,
      status,
      response,
    })),
  )
  const shared: Record<string, object> = {}
  for (const [first, ...others] of Map.groupBy(uses, ({ response }) => JSON.stringify(response)).values()) {
    if (!first || others.length === 0) continue
    const [schema] = Object.values(first.response.content ?? {}).map((content) => content.schema)
    const named = (schema?.anyOf ?? [schema]).map((one) => one?.$ref?.match(/(\w+?)(Problem)?$/)?.[1])
    const [one, ...more] = named
    const name = !schema ? 'NotModified' : more.length < 3 ? named.join('Or') : `${one}Or${more.length}More`
    if (name in shared) throw new Error(`Two shared responses have the name ${name}`)
    shared[name] = first.response
    for (const { responses, status } of [first, ...others]) {
      responses[status] = { $ref: `#/components/responses/${name}` }
    }
  }
  return shared
}

/** Replaces parameters that several operations have by references. @returns those by name, numbered where a name has several. */
function shareParameters(operations: readonly Operation[]) {
  const lists = operations.flatMap(({ parameters }) => (parameters ? [parameters] : []))
  const uses = lists.flatMap((list) => (list as Parameter[]).map((parameter, place) => ({ list, place, parameter })))
  const shared: Record<string, Parameter> = {}
  for (const [first, ...others] of Map.groupBy(uses, ({ parameter }) => JSON.stringify(parameter)).values()) {
    if (!first || others.length === 0) continue
    const { name } = first.parameter
    const namesakes = Object.values(shared).filter((parameter) => parameter.name === name).length
    const key = namesakes === 0 ? name : `${name}${namesakes + 1}`
    shared[key] = first.parameter
    for (const { list, place } of [first, ...others]) list[place] = { $ref: `#/components/parameters/${key}` }
  }
  return shared
}
