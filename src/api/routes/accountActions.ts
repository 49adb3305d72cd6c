import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type Hex, maxUint256 } from 'viem'
import { type AccountMembers, type AccountMessage, accountMessage } from '../../../core/market/accountActions.ts'
import type { Deps } from '../deps.ts'
import { prefer } from '../http/preferredWait.ts'
import { idParameter } from '../http/values.ts'
import { agentById } from '../queries/agents.ts'
import { accountBody, agentActionSchema, pendingAgentActionSchema } from '../resources/accountAction.ts'
import { actionSchema, pendingActionSchema } from '../resources/action.ts'
import { formatAgent } from '../resources/agent.ts'
import { accountRefusals } from '../resources/problem.ts'
import {
  type Acting,
  actionResponses,
  madeIn,
  pending,
  readUntilShown,
  relayRefusals,
  unlessBehind,
} from './actionAnswers.ts'
import { agentNotFound } from './agents.ts'
import { problemResponses } from './responses.ts'

const REPEATS = 'answers what to sign, and this body without the signature.'

const headers = z.object({ prefer: prefer.optional() })

const postRoute = createRoute({
  method: 'post',
  path: '/api/runs',
  operationId: 'postRun',
  tags: ['Actions'],
  summary: 'Post a run',
  description:
    'The poster signs USDC’s authorization (EIP-3009) of the reward and the fee, whose nonce is the hash of the terms. ' +
    `\`GET /api/messages/post\` ${REPEATS}`,
  request: { headers, body: { required: true, content: { 'application/json': { schema: accountBody('post') } } } },
  responses: {
    ...actionResponses('The run is posted, and as the index shows it.', actionSchema, pendingActionSchema),
    ...problemResponses(['VALIDATION_FAILED', ...accountRefusals, 'REWARD_TOO_LOW', ...relayRefusals]),
  },
})

const registerRoute = createRoute({
  method: 'post',
  path: '/api/agents',
  operationId: 'registerAgent',
  tags: ['Actions'],
  summary: 'Register an agent',
  description: `The owner signs, and becomes the agent’s wallet, too. \`GET /api/messages/register\` ${REPEATS}`,
  request: { headers, body: { required: true, content: { 'application/json': { schema: accountBody('register') } } } },
  responses: {
    ...actionResponses('The new agent.', agentActionSchema, pendingAgentActionSchema),
    ...problemResponses(['VALIDATION_FAILED', ...accountRefusals, 'REGISTRATION_UNSUPPORTED', ...relayRefusals]),
  },
})

/** The route of a stake or unstake. */
const stakeRoute = <Name extends 'stake' | 'unstake'>(name: Name, summary: string, description: string) =>
  createRoute({
    method: 'post',
    path: `/api/agents/{id}/${name}`,
    operationId: `${name}ForAgent`,
    tags: ['Actions'],
    summary,
    description: `${description} \`GET /api/messages/${name}\` ${REPEATS}`,
    request: {
      params: z.object({ id: idParameter }),
      headers,
      body: { required: true, content: { 'application/json': { schema: accountBody(name) } } },
    },
    responses: {
      ...actionResponses(`The agent after the ${name}.`, agentActionSchema, pendingAgentActionSchema),
      ...problemResponses(['VALIDATION_FAILED', ...accountRefusals, ...relayRefusals]),
    },
  })

const routes = {
  stake: stakeRoute(
    'stake',
    'Stake for an agent',
    'The payer signs USDC’s authorization (EIP-3009) of the amount, whose nonce is the hash of the agent and its owner.',
  ),
  unstake: stakeRoute(
    'unstake',
    'Take stake out of an agent',
    'The agent’s wallet or owner signs. The owner is paid. What live runs need stays.',
  ),
}

const made = { register: 'Agent registered.', stake: 'Stake added.', unstake: 'Stake taken out.' }

export function addAccountActionRoutes(app: OpenAPIHono, { index }: Deps, { act, answerWithRun }: Acting) {
  const readAgent = (id: bigint, minBlock?: bigint) => index.read(minBlock, (tx, { now }) => agentById(tx, now, id))

  app.openapi(postRoute, async (c) => {
    const { signature, ...members } = c.req.valid('json')
    const acted = await act(c, accountMessage('post', members), signature, c.req.valid('header').prefer)
    const { outcome } = acted
    return answerWithRun(c, acted, outcome.status === 'done' ? outcome.result : null, 'Run posted.')
  })

  /** Answers with the agent, once the index shows the block of the action. */
  async function actForAgent(
    c: Context,
    message: Exclude<AccountMessage, { action: 'post' }>,
    signature: Hex,
    preferred: string | undefined,
  ) {
    const { relay, outcome, until } = await act(c, message, signature, preferred)
    const named = message.action === 'register' ? null : message.members.agentId
    const agentId = outcome.status === 'done' ? outcome.result : named
    if (outcome.status === 'done' && agentId !== null) {
      const { blockNumber } = outcome
      const read = async () => {
        const { snapshot, data } = await readAgent(agentId, blockNumber)
        return { snapshot, shown: data ?? undefined }
      }
      const shown = await readUntilShown(c, read, until)
      if (shown) {
        const how = await madeIn(relay, outcome, { blockNumber })
        const agent = formatAgent(shown)
        return c.json({ success: true as const, agent, message: made[message.action], ...how }, 200)
      }
    }
    const known = agentId === null ? undefined : await readAgent(agentId).catch(unlessBehind)
    const agent = known?.data ? formatAgent(known.data) : null
    return c.json({ success: false as const, agent, ...pending(c, outcome) }, 202)
  }

  app.openapi(registerRoute, (c) => {
    const { signature, ...members } = c.req.valid('json')
    return actForAgent(c, accountMessage('register', members), signature, c.req.valid('header').prefer)
  })

  app.openapi(routes.stake, (c) => {
    const agentId = knownSize(c.req.valid('param').id)
    const { signature, ...members } = c.req.valid('json')
    return actForAgent(c, accountMessage('stake', { agentId, ...members }), signature, c.req.valid('header').prefer)
  })

  app.openapi(routes.unstake, (c) => {
    const agentId = knownSize(c.req.valid('param').id)
    const { signature, ...members } = c.req.valid('json')
    return actForAgent(c, accountMessage('unstake', { agentId, ...members }), signature, c.req.valid('header').prefer)
  })
}

/** @throws Problem AGENT_NOT_FOUND if no contract can have such an id. */
function knownSize(agentId: bigint): AccountMembers<'stake'>['agentId'] {
  if (agentId > maxUint256) throw agentNotFound(agentId)
  return agentId
}
