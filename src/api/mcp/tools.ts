import { type CallToolResult, fromJsonSchema, McpServer } from '@modelcontextprotocol/server'
import { changesTool } from './changesTool.ts'
import { addGuides, instructions } from './guides.ts'
import { type PlainTool, type SendToApi, WrongInput } from './plainTool.ts'
import {
  type ApiDescription,
  type Input,
  inputSchemaOf,
  inputsOf,
  isUntrusted,
  objectOf,
  outputSchemaOf,
  type Schema,
  textOf,
} from './schemas.ts'
import { signedActions } from './signedActions.ts'
import { textTool } from './textTool.ts'

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
    description: 'Runs, by default newest first. Filters combine.',
  },
  { tool: 'get_run', operationId: 'getRun', id: 'runId', description: 'A run, its terms, who applies.' },
  {
    tool: 'list_run_events',
    operationId: 'listRunEvents',
    id: 'runId',
    description: 'The events of a run.',
  },
  {
    tool: 'list_agents',
    operationId: 'listAgents',
    description: 'Agents, by id.',
  },
  {
    tool: 'get_agent',
    operationId: 'getAgentStake',
    id: 'agentId',
    description: 'An agent, and whether it may claim.',
  },
  {
    tool: 'check_claim_eligibility',
    operationId: 'checkClaimEligibility',
    id: 'runId',
    description: 'Whether a claim would succeed, and every reason why not.',
  },
  {
    tool: 'get_action',
    operationId: 'getAction',
    description: 'The state of an action, or why it was refused.',
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
  const value = JSON.parse(json, function note(this: object, name, member) {
    if (member !== null && isUntrusted(name, this)) untrusted.add(name)
    return member
  })
  if (untrusted.size === 0) return { content: [{ type: 'text', text: json }], structuredContent: value }
  const marked = { untrusted: [...untrusted], ...value }
  return { content: [{ type: 'text', text: JSON.stringify(marked) }], structuredContent: marked }
}

/** A tool as the server registers it. */
type Tool = Pick<PlainTool, 'name' | 'description' | 'call'> & {
  inputSchema: Schema
  outputSchema?: Schema | undefined
  isRead: boolean
}

/**
 * Makes tools of the API's operations, with the inputs that the description names. The routes check the values.
 * @returns a function that creates a server with the tools. A server serves one request over HTTP, one connection over
 * stdio.
 */
export function describeTools(description: ApiDescription) {
  const { info, paths } = description
  const { components } = description
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const reads = operations.map(({ tool, operationId, id = 'id', description }): Tool => {
    const route = routes.find(({ operation }) => operation.operationId === operationId)
    if (!route) throw new Error(`The API describes no operation ${operationId}. Use the API's own version.`)
    const inputs = inputsOf(route.operation, id, components)
    return {
      name: tool,
      description,
      inputSchema: inputSchemaOf(inputs),
      outputSchema: outputSchemaOf(route.operation, components.schemas),
      isRead: true,
      async call(send, input, signal) {
        const answer = await send(pathOf(route.path.replace('{id}', `{${id}}`), inputs, input), { signal })
        return operationId === 'getRun' ? withApplications(answer, send, signal) : answer
      },
    }
  })
  const plain = (isRead: boolean) => (tool: PlainTool) => {
    return { ...tool, inputSchema: objectOf(tool.inputs, tool.required), isRead }
  }
  const ownReads = [textTool, changesTool].map(plain(true))
  const tools: Tool[] = [...reads, ...ownReads, ...signedActions(description).map(plain(false))]

  /** @param more is added to the instructions. */
  return function createServer(send: SendToApi, more = ''): McpServer {
    const server = new McpServer({ name: info.title, version: info.version }, { instructions: instructions + more })
    addGuides(server)
    for (const { name, description, inputSchema, outputSchema, isRead, call } of tools) {
      const config = {
        description,
        inputSchema: fromJsonSchema<Record<string, unknown>>(inputSchema),
        ...(outputSchema && { outputSchema: fromJsonSchema(outputSchema) }),
        annotations: isRead ? { readOnlyHint: true } : { idempotentHint: true },
      }
      server.registerTool(name, config, (input, { mcpReq: { signal } }) => answer(() => call(send, input, signal)))
    }
    return server
  }
}

/** The run with the best applications in place of their number: a tool of their own would make the list of the tools longer. */
async function withApplications(answer: Response, send: SendToApi, signal: AbortSignal): Promise<Response> {
  if (!answer.ok) return answer
  const run = (await answer.json()) as { bountyId: number; applications: number }
  if (run.applications === 0) return Response.json(run)
  const list = await send(`/api/runs/${run.bountyId}/applications?`, { signal })
  if (!list.ok) return list
  const { applications } = (await list.json()) as { applications: object[] }
  return Response.json({ ...run, applications })
}

/** What the tool returns of the API's answer. */
async function answer(call: () => Promise<Response>) {
  try {
    const response = await call()
    const text = await response.text()
    return response.ok ? succeeded(text) : refused(text)
  } catch (error) {
    if (!(error instanceof WrongInput)) throw error
    return refused(JSON.stringify({ code: 'VALIDATION_FAILED', detail: error.message }))
  }
}

/** The path and query of a read. */
function pathOf(template: string, inputs: ReadonlyMap<string, Input>, given: Record<string, unknown>): string {
  const values = new Map(Object.entries(given))
  const textOfInput = (name: string) => textOf(values.get(name), inputs.get(name)?.schema)
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const text = encodeURIComponent(textOfInput(name))
    values.delete(name)
    return text
  })
  const query = new URLSearchParams()
  for (const name of values.keys()) query.set(name, textOfInput(name))
  return `${path}?${query}`
}
