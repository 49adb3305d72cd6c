import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type Address, maxUint256 } from 'viem'
import {
  partyMemberOf,
  type RunActionName,
  type RunMessage,
  runActionNames,
  textMemberOf,
} from '../../../core/market/runActions.ts'
import { prefer } from '../http/preferredWait.ts'
import { idParameter } from '../http/values.ts'
import { type ActionBody, actionBody, actionSchema, pendingActionSchema } from '../resources/action.ts'
import { actionRefusals } from '../resources/problem.ts'
import { type Acting, actionResponses, relayRefusals } from './actionAnswers.ts'
import { problemResponses } from './responses.ts'
import { runNotFound } from './runs.ts'

/** What each action is, who signs it, and what an answer says once it is made. */
const texts: Record<RunActionName, { summary: string; description: string; made: string }> = {
  start: {
    summary: 'Start the work of a claimed run',
    description: 'The wallet that claimed the run signs.',
    made: 'Work started.',
  },
  submit: {
    summary: 'Submit the work of a run',
    description: 'The wallet that claimed the run signs, for its first delivery or for a requested revision.',
    made: 'Work submitted.',
  },
  abandon: {
    summary: 'Abandon the claim of a run',
    description:
      'The wallet that claimed the run signs, until its delivery is due. The stake of the claim is burned. The run opens ' +
      'again, or ends as a rejection where a revision was requested, which has no limit.',
    made: 'Claim abandoned.',
  },
  approve: {
    summary: 'Approve the work of a run',
    description: 'The poster or the evaluator signs, for its last delivery. The agent is paid.',
    made: 'Work approved.',
  },
  revise: {
    summary: 'Request a revision of the work of a run',
    description: 'The evaluator signs, which is the poster unless the run names another.',
    made: 'Revision requested.',
  },
  reject: {
    summary: 'Reject the work of a run',
    description:
      'The evaluator signs. A poster that evaluates its own run may reject after three revisions only. The poster gets ' +
      'the reward back; the fee and the stake of the claim are burned.',
    made: 'Work rejected.',
  },
  close: {
    summary: 'Close a run',
    description:
      'The poster signs. An open run becomes a DRAFT with a full refund at once; a claimed one does if the claim is lost.',
    made: 'Run closed.',
  },
  'name-claimant': {
    summary: 'Name the only wallet that may claim a run',
    description:
      'The poster signs, of an open run whose terms name one. The zero address opens the run to any wallet, for good; the ' +
      'poster’s own stands for none yet.',
    made: 'Claimant named.',
  },
}

const routeOf = (name: RunActionName) => {
  const { summary, description, made } = texts[name]
  return createRoute({
    method: 'post',
    path: `/api/runs/{id}/${name}`,
    operationId: name === 'name-claimant' ? 'nameClaimant' : `${name}Run`,
    tags: ['Actions'],
    summary,
    description: `${description} \`GET /api/messages/${name}\` answers what to sign, and this body without the signature.`,
    request: {
      params: z.object({ id: idParameter }),
      headers: z.object({ prefer: prefer.optional() }),
      body: { required: true, content: { 'application/json': { schema: actionBody(name) } } },
    },
    responses: {
      ...actionResponses(`${made} The run is as the index shows it.`, actionSchema, pendingActionSchema),
      ...problemResponses(['VALIDATION_FAILED', ...actionRefusals, 'REWARD_TOO_LOW', ...relayRefusals]),
    },
  })
}

export function addActionRoutes(app: OpenAPIHono, { act, answerWithRun }: Acting) {
  for (const name of runActionNames) {
    app.openapi(routeOf(name), async (c) => {
      const { signature, ...body } = c.req.valid('json')
      const message = messageOf(name, c.req.valid('param').id, body)
      const acted = await act(c, message, signature, c.req.valid('header').prefer)
      return answerWithRun(c, acted, message.bountyId, texts[name].made)
    })
  }
}

function messageOf(action: RunActionName, bountyId: bigint, body: Omit<ActionBody, 'signature'>): RunMessage {
  if (bountyId > maxUint256) throw runNotFound(bountyId)
  const { round = 0n, revision = 0n, naming, claimant, deadline } = body
  const text = textMemberOf(action)
  const party: Address | undefined = body[partyMemberOf(action)]
  if (!party) throw new Error(`The body of ${action} has no ${partyMemberOf(action)}`)
  const named = naming !== undefined && { naming, claimant }
  return { action, bountyId, party, round, revision, text: (text && body[text]) ?? '', ...named, deadline }
}
