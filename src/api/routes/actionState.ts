import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Deps } from '../deps.ts'
import { Problem, type ProblemCode } from '../http/errors.ts'
import { digestParameter } from '../http/values.ts'
import { actionStateSchema, formatActionState } from '../resources/action.ts'
import { claimStateSchema, formatClaimState } from '../resources/claim.ts'
import { problemResponses } from './responses.ts'

const stateRoute = <Noun extends 'claim' | 'action', Schema extends z.ZodType>(
  noun: Noun,
  which: string,
  schema: Schema,
  missing: ProblemCode,
) =>
  createRoute({
    method: 'get',
    path: `/api/${noun}s/{${noun}Id}`,
    operationId: noun === 'claim' ? 'getClaim' : 'getAction',
    tags: [noun === 'claim' ? 'Claims' : 'Actions'],
    summary: `Get the state of a relayed ${noun}`,
    description: `Every ${which} for which a process of this API signed a transaction has a state.`,
    request: { params: z.object({ [`${noun}Id`]: digestParameter } as Record<`${Noun}Id`, typeof digestParameter>) },
    responses: {
      200: { description: `The ${noun}.`, content: { 'application/json': { schema } } },
      ...problemResponses(['VALIDATION_FAILED', missing, 'RELAY_UNAVAILABLE']),
    },
  })

const getClaim = stateRoute('claim', 'claim', claimStateSchema, 'CLAIM_NOT_FOUND')
const getAction = stateRoute('action', 'action and every claim', actionStateSchema, 'ACTION_NOT_FOUND')

export function addClaimStateRoute(app: OpenAPIHono, { relay }: Deps) {
  app.openapi(getClaim, async (c) => {
    if (!relay) throw new Problem('RELAY_UNAVAILABLE', 'This server relays no claims.')
    const { claimId } = c.req.valid('param')
    const found = await relay.find(claimId)
    const claim = found && formatClaimState(found)
    if (!claim) throw new Problem('CLAIM_NOT_FOUND', `No transaction was ever signed for a claim ${claimId}.`)
    return c.json(claim, 200)
  })
}

export function addActionStateRoute(app: OpenAPIHono, { relay }: Deps) {
  app.openapi(getAction, async (c) => {
    if (!relay) throw new Problem('RELAY_UNAVAILABLE', 'This server relays nothing.')
    const { actionId } = c.req.valid('param')
    const action = await relay.find(actionId)
    if (!action) throw new Problem('ACTION_NOT_FOUND', `No transaction was ever signed for an action ${actionId}.`)
    return c.json(formatActionState(action), 200)
  })
}
