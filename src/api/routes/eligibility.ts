import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { claimErrors } from '../../../core/market/eligibility.ts'
import type { Deps } from '../deps.ts'
import { addressParameter, idParameter } from '../http/values.ts'
import { eligibilitySchema, formatEligibility } from '../resources/eligibility.ts'
import { answerJson, minBlock } from './indexed.ts'
import { readRunAndAgent } from './named.ts'
import { indexedResponses } from './responses.ts'

const checkEligibility = createRoute({
  method: 'get',
  path: '/api/runs/{id}/claim-eligibility',
  operationId: 'checkClaimEligibility',
  tags: ['Claims'],
  summary: 'Check whether an agent may claim a run',
  description:
    'Checks the reward that this API relays claims of, then what the contract checks, in its order, at the block of the ' +
    'answer. It changes nothing.',
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
  responses: indexedResponses(
    'Whether an authorised claim of the agent would be accepted, and every reason why not.',
    eligibilitySchema,
    ['RUN_NOT_FOUND', 'AGENT_NOT_FOUND'],
  ),
})

export function addEligibilityRoutes(app: OpenAPIHono, deps: Deps) {
  app.openapi(checkEligibility, async (c) => {
    const { id } = c.req.valid('param')
    const { agentId, walletAddress, minBlock } = c.req.valid('query')
    const { snapshot, run, agent } = await readRunAndAgent(c, deps.index, minBlock, id, agentId)
    const errors = claimErrors(run, agent, walletAddress, snapshot.now)
    return answerJson(c, formatEligibility(run, agent, errors, deps.relay?.leastReward ?? 0n))
  })
}
