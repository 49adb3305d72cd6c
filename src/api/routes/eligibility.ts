import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { Deps } from '../deps.ts'
import { problemResponses } from '../http/problem.ts'
import { addressParameter, idParameter } from '../http/values.ts'
import { claimErrors } from '../market/eligibility.ts'
import { runAndAgent } from '../queries/runAndAgent.ts'
import { eligibilitySchema, formatEligibility } from '../resources/eligibility.ts'
import { agentNotFound } from './agents.ts'
import { answerJson, indexedHeaders, minBlock, readIndex } from './indexed.ts'
import { runNotFound } from './runs.ts'

const checkEligibility = createRoute({
  method: 'get',
  path: '/api/runs/{id}/claim-eligibility',
  summary: 'Check whether an agent may claim a run',
  request: {
    params: z.object({ id: idParameter }),
    query: z.strictObject({
      agentId: idParameter,
      walletAddress: addressParameter
        .optional()
        .openapi({ description: 'Must be the agent’s wallet. Not checked if absent.' }),
      minBlock,
    }),
  },
  responses: {
    200: {
      description: 'Whether the contract would accept an authorised claim of the agent, and every reason why not.',
      headers: indexedHeaders,
      content: { 'application/json': { schema: eligibilitySchema } },
    },
    ...problemResponses(
      'VALIDATION_FAILED',
      'RUN_NOT_FOUND',
      'AGENT_NOT_FOUND',
      'INDEX_BEHIND',
      'RATE_LIMITED',
      'INTERNAL',
    ),
  },
})

export function eligibilityRoutes(deps: Deps) {
  const app = new OpenAPIHono()

  app.openapi(checkEligibility, async (c) => {
    const { id } = c.req.valid('param')
    const { agentId, walletAddress, minBlock } = c.req.valid('query')
    const { snapshot, data } = await readIndex(c, deps, runAndAgent(id, agentId), minBlock)
    if (data.run === null) throw runNotFound(id)
    if (data.agent === null) throw agentNotFound(agentId)
    const errors = claimErrors(data.run, data.agent, walletAddress, snapshot.now)
    return answerJson(c, formatEligibility(data.run, data.agent, errors))
  })

  return app
}
