import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { maxUint256 } from 'viem'
import {
  collectCall,
  type OpenCall,
  type OpenRunCallName,
  openRunCall,
  openRunCallNames,
} from '../../../core/market/openCalls.ts'
import type { Deps } from '../deps.ts'
import { prefer, waitingTime } from '../http/preferredWait.ts'
import { problemOf } from '../http/refusals.ts'
import { requesterOf } from '../http/requester.ts'
import { address, addressParameter, hash, idParameter } from '../http/values.ts'
import { createActedRunReader } from '../queries/actedRuns.ts'
import { UNSIGNED } from '../relay/kinds/request.ts'
import { actionSchema, pendingActionSchema } from '../resources/action.ts'
import { exampleAgent } from '../resources/agent.ts'
import { openRefusals, pascalCase } from '../resources/problem.ts'
import { actionResponses, madeIn, pending, readMadeRun, relayOf, relayRefusals, runNow } from './actionAnswers.ts'
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
      ...actionResponses(name, `${texts[name].made} The run after ${name}.`, actionSchema, pendingActionSchema),
      ...problemResponses(['VALIDATION_FAILED', ...openRefusals, 'REWARD_TOO_LOW', ...relayRefusals]),
    },
  })

const example = { success: true, payee: exampleAgent.walletAddress, message: 'Payment collected.' } as const
const relayed = { actionId: `0x${'ac'.repeat(32)}`, txHash: `0x${'9a'.repeat(32)}` }

/** The order of the members is part of the API. */
const collectionSchema = z
  .object({
    success: z.literal(true),
    payee: address,
    message: z.string(),
    actionId: hash,
    txHash: hash,
    blockNumber: z.int(),
    finalized: z.boolean(),
  })
  .openapi('Collection', { example: { ...example, ...relayed, blockNumber: 1_234, finalized: false } })

const pendingCollectionSchema = z
  .object({
    success: z.literal(false),
    payee: address,
    message: z.string(),
    actionId: hash,
    txHash: hash,
    status: z.enum(['signed', 'accepted', 'mined']),
  })
  .openapi(pascalCase('PENDING_COLLECTION'), {
    example: { ...example, success: false, message: 'The action is not decided yet.', ...relayed, status: 'accepted' },
  })

const { 200: collected, 202: undecided } = actionResponses(
  'collect',
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

export function addOpenCallRoutes(app: OpenAPIHono, deps: Deps) {
  const { limits, index } = deps
  const readActed = createActedRunReader(index)

  async function call(c: Context, made: OpenCall, until: AbortSignal) {
    const relay = relayOf(deps, made.action)
    limits?.takeClaim(c)
    const asked = { ...requesterOf(c, limits), until }
    const request = { requestId: c.get('requestId'), message: made, signature: UNSIGNED }
    const outcome = await relay.act(request, asked).catch((error) => {
      throw problemOf(error)
    })
    return { relay, outcome }
  }

  for (const name of openRunCallNames) {
    app.openapi(runRoute(name), async (c) => {
      const bountyId = c.req.valid('param').id
      if (bountyId > maxUint256) throw runNotFound(bountyId)
      const until = waitingTime(c, c.req.valid('header').prefer)
      const { relay, outcome } = await call(c, openRunCall(name, bountyId), until)
      const shown = outcome.status === 'done' && (await readMadeRun(c, readActed, bountyId, outcome, until))
      if (outcome.status === 'done' && shown) {
        const how = await madeIn(relay, outcome, shown)
        return c.json({ success: true as const, run: shown.run, message: texts[name].made, ...how }, 200)
      }
      const run = await runNow(readActed, bountyId, outcome)
      return c.json({ success: false as const, run, ...pending(c, outcome) }, 202)
    })
  }

  app.openapi(collectRoute, async (c) => {
    const payee = c.req.valid('param').address
    const until = waitingTime(c, c.req.valid('header').prefer)
    const { relay, outcome } = await call(c, collectCall(payee), until)
    if (outcome.status === 'done') {
      const how = await madeIn(relay, outcome, outcome)
      return c.json({ success: true as const, payee, message: 'Payment collected.', ...how }, 200)
    }
    return c.json({ success: false as const, payee, ...pending(c, outcome) }, 202)
  })
}
