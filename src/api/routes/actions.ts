import { createRoute, type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi'
import type { Address } from 'viem'
import { type AccountMembers, accountMessage } from '../../../core/market/accountActions.ts'
import { collectCall, openRunCall, openRunCallNames } from '../../../core/market/openCalls.ts'
import {
  partyMemberOf,
  type RunActionName,
  type RunMessage,
  runActionNames,
  textMemberOf,
} from '../../../core/market/runActions.ts'
import type { ProblemCode } from '../http/errors.ts'
import { prefer } from '../http/preferredWait.ts'
import { addressParameter, idParameter } from '../http/values.ts'
import { UNSIGNED } from '../relay/kinds/request.ts'
import { actionSchemas } from '../resources/action.ts'
import { bodyOf, type RunBody } from '../resources/bodies.ts'
import { accountRefusals, actionRefusals, openRefusals } from '../resources/problem.ts'
import type { Acting } from './actionAnswers.ts'
import { type ActionName, actionTexts } from './actionTexts.ts'
import { knownAgentId, knownRunId } from './named.ts'
import { blockHeaders, jsonBody, problemResponses, retryAfter } from './responses.ts'

/** Where an action is sent. @param id of its run or agent. */
export function pathOf(name: ActionName, id: bigint | '{id}' = '{id}'): string {
  if (name === 'post') return '/api/runs'
  if (name === 'register') return '/api/agents'
  if (name === 'collect') return '/api/payees/{address}/collect'
  return `/api/${name === 'stake' || name === 'unstake' ? 'agents' : 'runs'}/${id}/${name}`
}

/** The route of an action. @param schemas of its answer once it is made, and of one before. */
function actionRoute<
  Request extends NonNullable<RouteConfig['request']>,
  Made extends z.ZodType,
  Pending extends z.ZodType,
  const Code extends ProblemCode,
>(name: ActionName, request: Request, schemas: readonly [Made, Pending], codes: readonly Code[]) {
  const { operationId = `${name}Run`, summary, description, made, shown } = actionTexts[name]
  const isOpen = name === 'collect' || openRunCallNames.some((open) => open === name)
  const usage = isOpen
    ? 'It needs no signature and no body. Waits, up to 15 seconds, until the index shows it. Repeating the request is safe.'
    : `\`GET /api/messages/${name}\` answers what to sign, and this body without the signature.`
  return createRoute({
    method: 'post',
    path: pathOf(name),
    operationId,
    tags: ['Actions'],
    summary,
    description: `${description} ${usage}`,
    request: { ...request, headers: z.object({ prefer: prefer.optional() }) },
    responses: {
      200: {
        description: shown ?? `${made} ${isOpen ? `The run after ${name}.` : 'The run is as the index shows it.'}`,
        ...(name !== 'collect' && { headers: blockHeaders(true) }),
        content: { 'application/json': { schema: schemas[0] } },
      },
      202: {
        description: 'The action is not decided in time, and continues. `Location` has its state.',
        headers: {
          Location: {
            description: '`GET /api/actions/:actionId` of the action.',
            required: true,
            schema: { type: 'string' as const },
          },
          ...retryAfter(true),
        },
        content: { 'application/json': { schema: schemas[1] } },
      },
      ...problemResponses([
        'VALIDATION_FAILED',
        ...codes,
        'PAYLOAD_TOO_LARGE',
        'UNSUPPORTED_MEDIA_TYPE',
        'RATE_LIMITED',
        'ACTION_PENDING',
        'RELAY_UNAVAILABLE',
      ]),
    },
  })
}

const params = z.object({ id: idParameter })

export function addRunActionRoutes(app: OpenAPIHono, { answer, runOf }: Acting) {
  for (const name of runActionNames) {
    const request = { params, ...jsonBody(bodyOf(name)) }
    const route = actionRoute(name, request, actionSchemas.run, [...actionRefusals, 'REWARD_TOO_LOW'])
    app.openapi(route, (c) => {
      const { signature, ...body } = c.req.valid('json')
      const message = messageOf(name, knownRunId(c.req.valid('param').id), body)
      return answer(c, message, signature, runOf(message.bountyId))
    })
  }
}

function messageOf(action: RunActionName, bountyId: bigint, body: RunBody): RunMessage {
  const { round = 0n, revision = 0n, naming, claimant, deadline } = body
  const text = textMemberOf(action)
  const party: Address | undefined = body[partyMemberOf(action)]
  if (!party) throw new Error(`The body of ${action} has no ${partyMemberOf(action)}`)
  const named = naming !== undefined && { naming, claimant }
  return { action, bountyId, party, round, revision, text: (text && body[text]) ?? '', ...named, deadline }
}

export function addAccountActionRoutes(app: OpenAPIHono, { answer, runOf, agentOf }: Acting) {
  const postCodes = [...accountRefusals, 'REWARD_TOO_LOW'] as const
  app.openapi(actionRoute('post', jsonBody(bodyOf('post')), actionSchemas.run, postCodes), (c) => {
    const { signature, ...members } = c.req.valid('json')
    return answer(c, accountMessage('post', members), signature, runOf(null))
  })

  const registerCodes = [...accountRefusals, 'REGISTRATION_UNSUPPORTED'] as const
  app.openapi(actionRoute('register', jsonBody(bodyOf('register')), actionSchemas.agent, registerCodes), (c) => {
    const { signature, ...members } = c.req.valid('json')
    return answer(c, accountMessage('register', members), signature, agentOf(null))
  })

  for (const name of ['stake', 'unstake'] as const) {
    const request = { params, ...jsonBody(bodyOf(name)) }
    app.openapi(actionRoute(name, request, actionSchemas.agent, accountRefusals), (c) => {
      const agentId = knownAgentId(c.req.valid('param').id)
      const { signature, ...body } = c.req.valid('json')
      const members = { agentId, ...body } as AccountMembers<typeof name>
      return answer(c, accountMessage(name, members), signature, agentOf(agentId))
    })
  }
}

export function addOpenCallRoutes(app: OpenAPIHono, { answer, runOf, payeeOf }: Acting) {
  for (const name of openRunCallNames) {
    const route = actionRoute(name, { params }, actionSchemas.run, [...openRefusals, 'REWARD_TOO_LOW'])
    app.openapi(route, (c) => {
      const bountyId = knownRunId(c.req.valid('param').id)
      return answer(c, openRunCall(name, bountyId), UNSIGNED, runOf(bountyId))
    })
  }

  const request = { params: z.object({ address: addressParameter }) }
  const collectCodes = ['NOTHING_OWED', 'USDC_REFUSED', 'ACTION_REVERTED'] as const
  app.openapi(actionRoute('collect', request, actionSchemas.payee, collectCodes), (c) => {
    const payee = c.req.valid('param').address
    return answer(c, collectCall(payee), UNSIGNED, payeeOf(payee))
  })
}
