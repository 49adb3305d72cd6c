import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { maxUint256 } from 'viem'
import { collectCall, type OpenRunCallName, openRunCall, openRunCallNames } from '../../../core/market/openCalls.ts'
import { prefer } from '../http/preferredWait.ts'
import { address, addressParameter, idParameter } from '../http/values.ts'
import { UNSIGNED } from '../relay/kinds/request.ts'
import { actionSchema, madeMembers, pendingActionSchema, pendingMembers } from '../resources/action.ts'
import { openRefusals } from '../resources/problem.ts'
import { type Acting, actionResponses, madeIn, pending, relayRefusals } from './actionAnswers.ts'
import { problemResponses } from './responses.ts'
import { runNotFound } from './runs.ts'

const NO_SIGNATURE =
  'It needs no signature and no body. Waits, up to 15 seconds, until the index shows it. Repeating the request is safe.'

const texts: Record<OpenRunCallName, { summary: string; description: string; made: string }> = {
  finalize: {
    summary: 'Approve work that was not reviewed in time',
    description: 'After the review period the agent is paid.',
    made: 'Work approved.',
  },
  expire: {
    summary: 'Expire an open run after its deadline',
    description: 'The poster gets the reward and the fee back.',
    made: 'Run expired.',
  },
  slash: {
    summary: 'End a claim without work',
    description: 'After the delivery was due and the grace period. The stake of the claim is burned.',
    made: 'Claim slashed.',
  },
  'reject-overdue': {
    summary: 'Reject a revision that did not come',
    description: 'After the revision was due and the grace period. Fee and stake are burned.',
    made: 'Work rejected.',
  },
}

const headers = z.object({ prefer: prefer.optional() })

const runRoute = (name: OpenRunCallName) =>
  createRoute({
    method: 'post',
    path: `/api/runs/{id}/${name}`,
    operationId: `${name.replace('-overdue', 'Overdue')}Run`,
    tags: ['Actions'],
    summary: texts[name].summary,
    description: `${texts[name].description} ${NO_SIGNATURE}`,
    request: { params: z.object({ id: idParameter }), headers },
    responses: {
      ...actionResponses(`${texts[name].made} The run after ${name}.`, actionSchema, pendingActionSchema),
      ...problemResponses(['VALIDATION_FAILED', ...openRefusals, 'REWARD_TOO_LOW', ...relayRefusals]),
    },
  })

const collectionSchema = z.object({ success: z.literal(true), payee: address, ...madeMembers }).openapi('Collection')

const pendingCollectionSchema = z
  .object({ success: z.literal(false), payee: address, ...pendingMembers })
  .openapi('PendingCollection')

const { 200: collected, 202: undecided } = actionResponses(
  'The payee is paid.',
  collectionSchema,
  pendingCollectionSchema,
)

const collectRoute = createRoute({
  method: 'post',
  path: '/api/payees/{address}/collect',
  operationId: 'collectPayment',
  tags: ['Actions'],
  summary: 'Pay what the market owes to an account',
  description: `USDC had refused the payment, or it is the treasury’s. ${NO_SIGNATURE}`,
  request: { params: z.object({ address: addressParameter }), headers },
  responses: {
    200: { description: collected.description, content: collected.content },
    202: undecided,
    ...problemResponses(['VALIDATION_FAILED', 'NOTHING_OWED', 'USDC_REFUSED', 'ACTION_REVERTED', ...relayRefusals]),
  },
})

export function addOpenCallRoutes(app: OpenAPIHono, { act, answerWithRun }: Acting) {
  for (const name of openRunCallNames) {
    app.openapi(runRoute(name), async (c) => {
      const bountyId = c.req.valid('param').id
      if (bountyId > maxUint256) throw runNotFound(bountyId)
      const acted = await act(c, openRunCall(name, bountyId), UNSIGNED, c.req.valid('header').prefer)
      return answerWithRun(c, acted, bountyId, texts[name].made)
    })
  }

  app.openapi(collectRoute, async (c) => {
    const payee = c.req.valid('param').address
    const { relay, outcome } = await act(c, collectCall(payee), UNSIGNED, c.req.valid('header').prefer)
    if (outcome.status === 'done') {
      const how = await madeIn(relay, outcome, outcome)
      return c.json({ success: true as const, payee, message: 'Payment collected.', ...how }, 200)
    }
    return c.json({ success: false as const, payee, ...pending(c, outcome) }, 202)
  })
}
