import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { type Address, maxUint256 } from 'viem'
import { collectCall, type OpenRunCallName, openRunCall, openRunCallNames } from '../../../core/market/openCalls.ts'
import {
  partyMemberOf,
  type RunActionName,
  type RunMessage,
  runActionNames,
  textMemberOf,
} from '../../../core/market/runActions.ts'
import { address, addressParameter, idParameter } from '../http/values.ts'
import { UNSIGNED } from '../relay/kinds/request.ts'
import {
  type ActionBody,
  actionBody,
  actionSchema,
  madeMembers,
  pendingActionSchema,
  pendingMembers,
} from '../resources/action.ts'
import { actionRefusals, openRefusals } from '../resources/problem.ts'
import type { Acting } from './actionAnswers.ts'
import { actionRoute, inBody } from './actionRoute.ts'
import { runNotFound } from './runs.ts'

/** What each action is, who signs it, and what an answer says once it is made. */
const texts: Record<RunActionName | OpenRunCallName, { summary: string; description: string; made: string }> = {
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

const NO_SIGNATURE =
  'It needs no signature and no body. Waits, up to 15 seconds, until the index shows it. Repeating the request is safe.'

const schemas = [actionSchema, pendingActionSchema] as const
const params = z.object({ id: idParameter })

/** What the routes of all actions about runs share. */
const described = (name: RunActionName | OpenRunCallName) => ({
  path: `/api/runs/{id}/${name}`,
  operationId: OPERATION_IDS[name] ?? `${name}Run`,
  summary: texts[name].summary,
  schemas,
})

const OPERATION_IDS: Record<string, string> = { 'name-claimant': 'nameClaimant', 'reject-overdue': 'rejectOverdueRun' }

const runRoute = (name: RunActionName) =>
  actionRoute({
    ...described(name),
    description: `${texts[name].description} \`GET /api/messages/${name}\` answers what to sign, and this body without the signature.`,
    request: { params, ...inBody(actionBody(name)) },
    made: `${texts[name].made} The run is as the index shows it.`,
    codes: [...actionRefusals, 'REWARD_TOO_LOW'],
  })

const openRoute = (name: OpenRunCallName) =>
  actionRoute({
    ...described(name),
    description: `${texts[name].description} ${NO_SIGNATURE}`,
    request: { params },
    made: `${texts[name].made} The run after ${name}.`,
    codes: [...openRefusals, 'REWARD_TOO_LOW'],
  })

const collectRoute = actionRoute({
  path: '/api/payees/{address}/collect',
  operationId: 'collectPayment',
  summary: 'Pay what the market owes to an account',
  description: `USDC had refused the payment, or it is the treasury’s. ${NO_SIGNATURE}`,
  request: { params: z.object({ address: addressParameter }) },
  made: 'The payee is paid.',
  schemas: [
    z.object({ success: z.literal(true), payee: address, ...madeMembers }).openapi('Collection'),
    z.object({ success: z.literal(false), payee: address, ...pendingMembers }).openapi('PendingCollection'),
  ],
  codes: ['NOTHING_OWED', 'USDC_REFUSED', 'ACTION_REVERTED'],
  isIndexed: false,
})

export function addActionRoutes(app: OpenAPIHono, { answer, runOf }: Acting) {
  for (const name of runActionNames) {
    app.openapi(runRoute(name), (c) => {
      const { signature, ...body } = c.req.valid('json')
      const message = messageOf(name, c.req.valid('param').id, body)
      return answer(c, message, signature, texts[name].made, runOf(message.bountyId))
    })
  }
}

export function addOpenCallRoutes(app: OpenAPIHono, { answer, runOf, payeeOf }: Acting) {
  for (const name of openRunCallNames) {
    app.openapi(openRoute(name), (c) => {
      const bountyId = knownSize(c.req.valid('param').id)
      return answer(c, openRunCall(name, bountyId), UNSIGNED, texts[name].made, runOf(bountyId))
    })
  }

  app.openapi(collectRoute, (c) => {
    const payee = c.req.valid('param').address
    return answer(c, collectCall(payee), UNSIGNED, 'Payment collected.', payeeOf(payee))
  })
}

/** @throws Problem RUN_NOT_FOUND if the market can have no such run. */
function knownSize(bountyId: bigint): bigint {
  if (bountyId > maxUint256) throw runNotFound(bountyId)
  return bountyId
}

function messageOf(action: RunActionName, id: bigint, body: Omit<ActionBody, 'signature'>): RunMessage {
  const { round = 0n, revision = 0n, naming, claimant, deadline } = body
  const text = textMemberOf(action)
  const party: Address | undefined = body[partyMemberOf(action)]
  if (!party) throw new Error(`The body of ${action} has no ${partyMemberOf(action)}`)
  const named = naming !== undefined && { naming, claimant }
  return {
    action,
    bountyId: knownSize(id),
    party,
    round,
    revision,
    text: (text && body[text]) ?? '',
    ...named,
    deadline,
  }
}
