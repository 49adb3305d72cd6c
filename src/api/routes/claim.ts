import { setImmediate } from 'node:timers/promises'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Hex } from 'viem'
import { createFairLane } from '../../../core/fairLane.ts'
import type { Deps } from '../deps.ts'
import { rateLimited, requesterOf } from '../http/clientLimits.ts'
import { Problem, unlessProblem } from '../http/errors.ts'
import { prefer, RETRY_AFTER_SECONDS } from '../http/preferredWait.ts'
import { idParameter } from '../http/values.ts'
import { claimAttributes, inSpan, TRANSACTION_HASH } from '../observability/tracing.ts'
import { createClaimedRunReader } from '../queries/batchedReads.ts'
import { UNSIGNED } from '../relay/kinds/request.ts'
import { formatAgentSummary } from '../resources/agent.ts'
import { claimBody, claimSchema, pendingClaimSchema } from '../resources/claim.ts'
import { claimRefusals } from '../resources/problem.ts'
import { formatRun } from '../resources/run.ts'
import { type Acting, untilShown } from './actionAnswers.ts'
import { knownAgentId, knownRunId } from './named.ts'
import { blockHeaders, jsonBody, problemResponses, retryAfter } from './responses.ts'

/**
 * Claims enter one by one, so that a client waits for one claim of each other client, not for all that have arrived
 * before. None enters while others wait for their examination, which it would delay. `maxWaitingPerClient` is the most
 * claims of one client that wait.
 */
const ENTRY_LANE = {
  concurrency: 1,
  maxWaitingPerClient: 1_000,
  waiting: 'claims wait to be read',
  refuseFull: rateLimited,
  refuseGone: (detail: string) => new Problem('RELAY_UNAVAILABLE', detail),
}

const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters')
  .openapi({
    description:
      'The client’s own key for this claim by this agent and wallet. With another body or run, the key gets a 409.',
  })

const claimRun = createRoute({
  method: 'post',
  path: '/api/runs/{id}/claim',
  operationId: 'claimRun',
  tags: ['Claims'],
  summary: 'Claim a run',
  description:
    'Claims the run on chain and waits, up to 15 seconds, until the index shows the claim. Repeating the request is ' +
    'safe: a pending claim is waited for, and a won one gets a 200 until that claim of the run ends. With an ' +
    '`Idempotency-Key`, a repeated request is answered with the claim that it made.',
  request: {
    params: z.object({ id: idParameter }),
    headers: z.object({ 'idempotency-key': idempotencyKey.optional(), prefer: prefer.optional() }),
    ...jsonBody(claimBody),
  },
  responses: {
    200: {
      description: 'The agent has claimed the run.',
      headers: blockHeaders(true),
      content: { 'application/json': { schema: claimSchema } },
    },
    202: {
      description: 'The claim is not decided in time, and continues. `Location` has its state.',
      headers: {
        Location: {
          description:
            '`GET /api/claims/:claimId` of the claim. Absent if the agent claimed the run without the relay: then ' +
            'repeat the request.',
          schema: { type: 'string' },
        },
        ...retryAfter(true),
      },
      content: { 'application/json': { schema: pendingClaimSchema } },
    },
    ...problemResponses([
      'VALIDATION_FAILED',
      ...claimRefusals,
      'REWARD_TOO_LOW',
      'IDEMPOTENCY_CONFLICT',
      'PAYLOAD_TOO_LARGE',
      'UNSUPPORTED_MEDIA_TYPE',
      'RATE_LIMITED',
      'CLAIM_PENDING',
      'RELAY_UNAVAILABLE',
    ]),
  },
})

export function addClaimRoutes(app: OpenAPIHono, deps: Deps, { act }: Acting) {
  const readClaimed = createClaimedRunReader(deps.index)
  const inTurn = createFairLane(ENTRY_LANE)

  app.post(claimRun.getRoutingPath(), async (c, next) => {
    const enter = () => inTurn(requesterOf(c, deps.limits), deps.relay?.waitForExaminations ?? setImmediate)
    await enter()
    const { data: bountyId } = idParameter.safeParse(c.req.param('id'))
    // Claims that have waited enter one by one again: read at once, they would delay the other one's broadcast.
    if (bountyId !== undefined && (await deps.relay?.waitUnread(bountyId))) await enter()
    return next()
  })

  app.openapi(claimRun, async (c) => {
    const { walletAddress: party, signature = UNSIGNED, deadline = 0n, ...named } = c.req.valid('json')
    const bountyId = knownRunId(c.req.valid('param').id)
    const agentId = knownAgentId(named.agentId)
    const message = { action: 'claim', bountyId, agentId, party, deadline } as const
    const acted = await act(c, message, signature, c.req.valid('header')['idempotency-key'])
    const { relay, outcome } = acted
    const { actionId: claimId, txHash, status, round = 0n } = outcome
    const trace = c.get('trace')
    if (txHash) trace?.describe({ [TRANSACTION_HASH]: txHash })

    async function show(reach?: { block: bigint; signal: AbortSignal }) {
      const { snapshot, data } = await readClaimed({ bountyId, agentId, round }, reach)
      const { run, agent, claim } = data
      const members = { run: run && formatRun(run, snapshot.now), agent: agent && formatAgentSummary(agent) }
      const made = run && agent && claim && { txHash: claim.transactionHash as Hex, blockNumber: claim.blockNumber }
      return { snapshot, members, made }
    }

    const reading = () => untilShown(c, acted, show)
    const won = status === 'done' && (await inSpan(trace, 'read the run', claimAttributes(message), reading))
    if (won) {
      const { members, how } = won
      return c.json({ success: true as const, ...members, message: 'Run claimed successfully.', claimId, ...how }, 200)
    }
    // A claim that the agent made without the relay is not stored.
    if (status !== 'done' || (await relay.find(claimId))) c.header('Location', `/api/claims/${claimId}`)
    c.header('Retry-After', String(RETRY_AFTER_SECONDS))
    const { members } = (await show().catch(unlessProblem)) ?? { members: { run: null, agent: null } }
    const [text, state] = status === 'done' ? ([NOT_SHOWN, 'mined'] as const) : ([UNDECIDED, status] as const)
    return c.json(
      { success: false as const, ...members, message: text, claimId, txHash: txHash ?? null, status: state },
      202,
    )
  })
}

const NOT_SHOWN = 'The run is the agent’s on chain, and the index does not show it yet. Send the claim again.'
const UNDECIDED = 'The claim is not decided yet, and continues. See Location, or send it again.'
