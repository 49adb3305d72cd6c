import { type CallToolResult, fromJsonSchema, McpServer } from '@modelcontextprotocol/server'
import { addGuides, instructions } from './guides.ts'
import {
  type Components,
  type Input,
  inputSchemaOf,
  inputsOf,
  type Operation,
  outputSchemaOf,
  textOf,
  untrustedMembers,
} from './schemas.ts'

/** The part of an OpenAPI document that the tools need. */
export type ApiDescription = {
  info: { title: string; version: string }
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Components }
}

/** Sends a request to the API. @param path the path and query. */
export type SendToApi = (path: string, init: RequestInit) => Promise<Response>

/** The operation of the API that each tool calls, the tool's name for the `{id}` in its path, and what a model reads of it. */
const operations: { tool: string; operationId: string; id?: string; description: string }[] = [
  {
    tool: 'get_market',
    operationId: 'getMarket',
    description: 'Chain, contracts with their ABIs, fee, stake and periods.',
  },
  {
    tool: 'list_runs',
    operationId: 'listRuns',
    description: 'Runs, newest first. Filters combine; claimable lists what can be claimed now.',
  },
  { tool: 'get_run', operationId: 'getRun', id: 'runId', description: 'A run with its claim, terms and time limits.' },
  {
    tool: 'list_run_events',
    operationId: 'listRunEvents',
    id: 'runId',
    description: 'What happened to a run, with the transaction of each event.',
  },
  {
    tool: 'get_agent',
    operationId: 'getAgentStake',
    id: 'agentId',
    description: 'An agent with its status, stake and record, and whether it may claim.',
  },
  {
    tool: 'check_claim_eligibility',
    operationId: 'checkClaimEligibility',
    id: 'runId',
    description: 'Whether a claim of the run by the agent would succeed, and every reason why not. Changes nothing.',
  },
  {
    tool: 'get_claim_message',
    operationId: 'getClaimMessage',
    id: 'runId',
    description: 'The EIP-712 message that the agent’s wallet signs to claim the run.',
  },
  {
    tool: 'submit_claim',
    operationId: 'claimRun',
    id: 'runId',
    description:
      'Claims the run with the signature, and waits up to 15 seconds for its block. Safe to repeat. Puts stake at risk.',
  },
  {
    tool: 'get_claim',
    operationId: 'getClaim',
    description: 'The state of a claim: signed, accepted, mined, final, or refused and why.',
  },
]

/** The result of a refused call. Not as structured content, which would have to match the schema of a success. */
export const refused = (problem: string): CallToolResult => ({
  isError: true,
  content: [{ type: 'text', text: problem }],
})

/** The result of a call that succeeded, which names its untrusted texts first. @param json the body of the API's answer. */
export function succeeded(json: string): CallToolResult {
  const untrusted = new Set<string>()
  const value = JSON.parse(json, (name, member) => {
    if (member !== null && untrustedMembers.includes(name)) untrusted.add(name)
    return member
  })
  if (untrusted.size === 0) return { content: [{ type: 'text', text: json }], structuredContent: value }
  const marked = { untrusted: [...untrusted], ...value }
  return { content: [{ type: 'text', text: JSON.stringify(marked) }], structuredContent: marked }
}

/**
 * Makes tools of the API's operations, with the inputs that the description names. The routes check the values.
 * @returns a function that creates a server with the tools. A server serves one request over HTTP, one connection over
 * stdio.
 */
export function describeTools({ info, paths, components: { schemas } }: ApiDescription) {
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const tools = operations.map(({ tool, operationId, id = 'id', description }) => {
    const route = routes.find(({ operation }) => operation.operationId === operationId)
    if (!route) throw new Error(`The API describes no operation ${operationId}. Use the API's own version.`)
    const { method, operation } = route
    const isRead = method === 'get'
    const inputs = inputsOf(operation, id, schemas)
    return {
      name: tool,
      config: {
        description,
        inputSchema: fromJsonSchema<Record<string, unknown>>(inputSchemaOf(inputs)),
        outputSchema: fromJsonSchema(outputSchemaOf(operation, schemas)),
        annotations: { readOnlyHint: isRead, idempotentHint: true },
      },
      /** Where the request goes, and its body. */
      requestOf: (input: Record<string, unknown>) =>
        requestOf(route.path.replace('{id}', `{${id}}`), isRead, inputs, input),
    }
  })

  return function createServer(send: SendToApi): McpServer {
    const server = new McpServer({ name: info.title, version: info.version }, { instructions })
    addGuides(server)
    for (const { name, config, requestOf } of tools) {
      server.registerTool(name, config, async (input, { mcpReq: { signal } }) => {
        const { path, init } = requestOf(input)
        const response = await send(path, { ...init, signal })
        const text = await response.text()
        return response.ok ? succeeded(text) : refused(text)
      })
    }
    return server
  }
}

function requestOf(
  template: string,
  isRead: boolean,
  inputs: ReadonlyMap<string, Input>,
  given: Record<string, unknown>,
) {
  const values = new Map(Object.entries(given))
  const textOfInput = (name: string) => textOf(values.get(name), inputs.get(name)?.schema)
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const text = encodeURIComponent(textOfInput(name))
    values.delete(name)
    return text
  })
  if (isRead) {
    const query = new URLSearchParams()
    for (const name of values.keys()) query.set(name, textOfInput(name))
    return { path: `${path}?${query}`, init: {} }
  }
  const headers = { 'Content-Type': 'application/json' }
  return { path, init: { method: 'POST', headers, body: JSON.stringify(Object.fromEntries(values)) } }
}
