import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Hex } from 'viem'
import type { Deps } from '../deps.ts'
import { Problem } from '../http/errors.ts'
import { actionStateSchema, formatActionState } from '../resources/action.ts'
import { claimStateSchema, formatClaimState } from '../resources/claim.ts'
import { problemResponses } from './responses.ts'

const digest = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, 'must be 0x and 64 hexadecimal digits')
  .transform((value) => value.toLowerCase() as Hex)
  .openapi({ type: 'string', pattern: '^0x[0-9a-fA-F]{64}$' })

const getClaim = createRoute({
  method: 'get',
  path: '/api/claims/{claimId}',
  operationId: 'getClaim',
  tags: ['Claims'],
  summary: 'Get the state of a relayed claim',
  description: 'Every claim for which a process of this API signed a transaction has a state.',
  request: { params: z.object({ claimId: digest }) },
  responses: {
    200: { description: 'The claim.', content: { 'application/json': { schema: claimStateSchema } } },
    ...problemResponses(['VALIDATION_FAILED', 'CLAIM_NOT_FOUND', 'RELAY_UNAVAILABLE']),
  },
})

const getAction = createRoute({
  method: 'get',
  path: '/api/actions/{actionId}',
  operationId: 'getAction',
  tags: ['Actions'],
  summary: 'Get the state of a relayed action',
  description: 'Every action and every claim for which a process of this API signed a transaction has a state.',
  request: { params: z.object({ actionId: digest }) },
  responses: {
    200: { description: 'The action.', content: { 'application/json': { schema: actionStateSchema } } },
    ...problemResponses(['VALIDATION_FAILED', 'ACTION_NOT_FOUND', 'RELAY_UNAVAILABLE']),
  },
})

export function addClaimStateRoutes(app: OpenAPIHono, { relay }: Deps) {
  app.openapi(getClaim, async (c) => {
    if (!relay) throw new Problem('RELAY_UNAVAILABLE', 'This server relays no claims.')
    const { claimId } = c.req.valid('param')
    const found = await relay.find(claimId)
    const claim = found && formatClaimState(found)
    if (!claim) throw new Problem('CLAIM_NOT_FOUND', `No transaction was ever signed for a claim ${claimId}.`)
    return c.json(claim, 200)
  })
}

export function addActionStateRoutes(app: OpenAPIHono, { relay }: Deps) {
  app.openapi(getAction, async (c) => {
    if (!relay) throw new Problem('RELAY_UNAVAILABLE', 'This server relays nothing.')
    const { actionId } = c.req.valid('param')
    const action = await relay.find(actionId)
    if (!action) throw new Problem('ACTION_NOT_FOUND', `No transaction was ever signed for an action ${actionId}.`)
    return c.json(formatActionState(action), 200)
  })
}
