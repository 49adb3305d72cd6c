import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { maxUint256 } from 'viem'
import { accountMessage } from '../../../core/market/accountActions.ts'
import { idParameter } from '../http/values.ts'
import { accountBody, agentActionSchema, pendingAgentActionSchema } from '../resources/accountAction.ts'
import { actionSchema, pendingActionSchema } from '../resources/action.ts'
import { accountRefusals } from '../resources/problem.ts'
import type { Acting } from './actionAnswers.ts'
import { actionRoute, inBody } from './actionRoute.ts'
import { agentNotFound } from './agents.ts'

const REPEATS = 'answers what to sign, and this body without the signature.'

const post = actionRoute({
  path: '/api/runs',
  operationId: 'postRun',
  summary: 'Post a run',
  description:
    'The poster signs USDC’s authorization (EIP-3009) of the reward and the fee, whose nonce is the hash of the terms. ' +
    `\`GET /api/messages/post\` ${REPEATS}`,
  request: inBody(accountBody('post')),
  made: 'The run is posted, and as the index shows it.',
  schemas: [actionSchema, pendingActionSchema],
  codes: [...accountRefusals, 'REWARD_TOO_LOW'],
})

const ofAgent = [agentActionSchema, pendingAgentActionSchema] as const

const register = actionRoute({
  path: '/api/agents',
  operationId: 'registerAgent',
  summary: 'Register an agent',
  description: `The owner signs, and becomes the agent’s wallet, too. \`GET /api/messages/register\` ${REPEATS}`,
  request: inBody(accountBody('register')),
  made: 'The new agent.',
  schemas: ofAgent,
  codes: [...accountRefusals, 'REGISTRATION_UNSUPPORTED'],
})

/** The route of a stake or unstake. */
const stakeRoute = <Name extends 'stake' | 'unstake'>(name: Name, summary: string, description: string) =>
  actionRoute({
    path: `/api/agents/{id}/${name}`,
    operationId: `${name}ForAgent`,
    summary,
    description: `${description} \`GET /api/messages/${name}\` ${REPEATS}`,
    request: { params: z.object({ id: idParameter }), ...inBody(accountBody(name)) },
    made: `The agent after the ${name}.`,
    schemas: ofAgent,
    codes: accountRefusals,
  })

const stake = stakeRoute(
  'stake',
  'Stake for an agent',
  'The payer signs USDC’s authorization (EIP-3009) of the amount, whose nonce is the hash of the agent and its owner.',
)
const unstake = stakeRoute(
  'unstake',
  'Take stake out of an agent',
  'The agent’s wallet or owner signs. The owner is paid. What live runs need stays.',
)

export function addAccountActionRoutes(app: OpenAPIHono, { answer, runOf, agentOf }: Acting) {
  app.openapi(post, (c) => {
    const { signature, ...members } = c.req.valid('json')
    return answer(c, accountMessage('post', members), signature, 'Run posted.', runOf(null))
  })

  app.openapi(register, (c) => {
    const { signature, ...members } = c.req.valid('json')
    return answer(c, accountMessage('register', members), signature, 'Agent registered.', agentOf(null))
  })

  app.openapi(stake, (c) => {
    const agentId = knownSize(c.req.valid('param').id)
    const { signature, ...members } = c.req.valid('json')
    return answer(c, accountMessage('stake', { agentId, ...members }), signature, 'Stake added.', agentOf(agentId))
  })

  app.openapi(unstake, (c) => {
    const agentId = knownSize(c.req.valid('param').id)
    const { signature, ...members } = c.req.valid('json')
    return answer(
      c,
      accountMessage('unstake', { agentId, ...members }),
      signature,
      'Stake taken out.',
      agentOf(agentId),
    )
  })
}

/** @throws Problem AGENT_NOT_FOUND if no contract can have such an id. */
function knownSize(agentId: bigint): bigint {
  if (agentId > maxUint256) throw agentNotFound(agentId)
  return agentId
}
