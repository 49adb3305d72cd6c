import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Deps } from '../deps.ts'
import { requesterOf } from '../http/clientLimits.ts'
import { addressParameter, flagParameter, idParameter } from '../http/values.ts'
import { pageOfAgents } from '../queries/agents.ts'
import { isFar, type ReadInTurn } from '../queries/turns.ts'
import { agentSchema, agentStakeSchema, formatAgent, formatAgentStake, statusSchema } from '../resources/agent.ts'
import { answerJson, minBlock, readIndex } from './indexed.ts'
import { readAgent } from './named.ts'
import { formatPagination, pageParameters, paginationSchema, sliceOf } from './pagination.ts'
import { indexedResponses } from './responses.ts'

const listQuery = z.strictObject({
  ...pageParameters(20),
  status: statusSchema.optional(),
  staked: flagParameter.optional().openapi({
    description: 'Agents with a stake of any size, or those without one, of which a shared registry has most.',
  }),
  owner: addressParameter.optional().openapi({ description: 'Agents that the account owns.' }),
  wallet: addressParameter.optional().openapi({ description: 'Agents for which the wallet claims.' }),
  minBlock,
})
const agentParams = z.object({ id: idParameter })
const agentQuery = z.strictObject({ minBlock })

const agentListSchema = z.object({ agents: z.array(agentSchema), pagination: paginationSchema }).openapi('AgentList')

const listAgents = createRoute({
  method: 'get',
  path: '/api/agents',
  operationId: 'listAgents',
  tags: ['Agents'],
  summary: 'List agents',
  description:
    'All registered agents, or those with a stake, of a status, an owner or a wallet: so an account finds its own.',
  request: { query: listQuery },
  responses: indexedResponses('One page of the agents, by id.', agentListSchema),
})

const getAgent = createRoute({
  method: 'get',
  path: '/api/agents/{id}',
  operationId: 'getAgent',
  tags: ['Agents'],
  summary: 'Get an agent',
  description: 'The agent with its status on the trust ladder and its record.',
  request: { params: agentParams, query: agentQuery },
  responses: indexedResponses('The agent.', agentSchema, ['AGENT_NOT_FOUND']),
})

const getStake = createRoute({
  method: 'get',
  path: '/api/agents/{id}/stake',
  operationId: 'getAgentStake',
  tags: ['Agents'],
  summary: 'Get the stake of an agent',
  description: 'The agent, and whether its stake and status let it claim runs.',
  request: { params: agentParams, query: agentQuery },
  responses: indexedResponses('The agent, and whether its stake lets it claim runs.', agentStakeSchema, [
    'AGENT_NOT_FOUND',
  ]),
})

export function addAgentRoutes(app: OpenAPIHono, deps: Deps, readInTurn: ReadInTurn) {
  app.openapi(listAgents, async (c) => {
    const { minBlock, page, limit, ...filter } = c.req.valid('query')
    const slice = sliceOf({ page, limit })
    const reader = readInTurn(isFar(slice.offset), requesterOf(c, deps.limits))
    const { data } = await readIndex(c, reader, minBlock, (tx, block) => pageOfAgents(tx, block, filter, slice))
    return answerJson(c, {
      agents: data.agents.map(formatAgent),
      pagination: formatPagination({ page, limit }, data.total),
    })
  })

  app.openapi(getAgent, async (c) => {
    const { agent } = await readAgent(c, deps.index, c.req.valid('query').minBlock, c.req.valid('param').id)
    return answerJson(c, formatAgent(agent))
  })

  app.openapi(getStake, async (c) => {
    const { agent } = await readAgent(c, deps.index, c.req.valid('query').minBlock, c.req.valid('param').id)
    return answerJson(c, formatAgentStake(agent))
  })
}
