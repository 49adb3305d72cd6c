import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Deps } from '../deps.ts'
import { Problem } from '../http/errors.ts'
import { problemResponses } from '../http/problem.ts'
import { formatId, idParameter } from '../http/values.ts'
import { readsAgentPages } from '../queries/agentPages.ts'
import { agentsById } from '../queries/agents.ts'
import { readTogether } from '../queries/readTogether.ts'
import { agentSchema, agentStakeSchema, formatAgent, formatAgentStake, statusSchema } from '../resources/agent.ts'
import { answerJson, indexedHeaders, minBlock } from './indexed.ts'
import { formatPagination, pageParameters, paginationSchema, sliceOf } from './pagination.ts'

const listQuery = z.strictObject({ ...pageParameters(20), status: statusSchema.optional(), minBlock })
const agentParams = z.object({ id: idParameter })
const agentQuery = z.strictObject({ minBlock })
const agentProblems = problemResponses(
  'VALIDATION_FAILED',
  'AGENT_NOT_FOUND',
  'INDEX_BEHIND',
  'RATE_LIMITED',
  'INTERNAL',
)

const listAgents = createRoute({
  method: 'get',
  path: '/api/agents',
  summary: 'List agents',
  request: { query: listQuery },
  responses: {
    200: {
      description: 'One page of the agents, by id.',
      headers: indexedHeaders,
      content: {
        'application/json': { schema: z.object({ agents: z.array(agentSchema), pagination: paginationSchema }) },
      },
    },
    ...problemResponses('VALIDATION_FAILED', 'INDEX_BEHIND', 'RATE_LIMITED', 'INTERNAL'),
  },
})

const getAgent = createRoute({
  method: 'get',
  path: '/api/agents/{id}',
  summary: 'Get an agent',
  request: { params: agentParams, query: agentQuery },
  responses: {
    200: {
      description: 'The agent.',
      headers: indexedHeaders,
      content: { 'application/json': { schema: agentSchema } },
    },
    ...agentProblems,
  },
})

const getStake = createRoute({
  method: 'get',
  path: '/api/agents/{id}/stake',
  summary: 'Get the stake of an agent',
  request: { params: agentParams, query: agentQuery },
  responses: {
    200: {
      description: 'The agent, and whether its stake lets it claim runs.',
      headers: indexedHeaders,
      content: { 'application/json': { schema: agentStakeSchema } },
    },
    ...agentProblems,
  },
})

export function agentNotFound(id: bigint) {
  return new Problem('AGENT_NOT_FOUND', `There is no agent ${id}.`, { extensions: { agentId: formatId(id) } })
}

export function agentRoutes(deps: Deps) {
  const app = new OpenAPIHono()
  const readPage = readsAgentPages(deps.index)
  const readAgent = readTogether(deps.index, agentsById)

  app.openapi(listAgents, async (c) => {
    const { minBlock, status, ...page } = c.req.valid('query')
    const { snapshot, data } = await readPage(status, sliceOf(page), minBlock)
    c.set('snapshot', snapshot)
    return answerJson(c, { agents: data.agents.map(formatAgent), pagination: formatPagination(page, data.total) })
  })

  async function findAgent(c: Context, id: bigint, minBlock: bigint | undefined) {
    const { snapshot, data: agent } = await readAgent(id, minBlock)
    c.set('snapshot', snapshot)
    if (agent === null) throw agentNotFound(id)
    return agent
  }

  app.openapi(getAgent, async (c) =>
    answerJson(c, formatAgent(await findAgent(c, c.req.valid('param').id, c.req.valid('query').minBlock))),
  )

  app.openapi(getStake, async (c) =>
    answerJson(c, formatAgentStake(await findAgent(c, c.req.valid('param').id, c.req.valid('query').minBlock))),
  )

  return app
}
