import { setImmediate } from 'node:timers/promises'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type Hex, maxUint256 } from 'viem'
import { createFairLane } from '../../../core/fairLane.ts'
import type { Deps } from '../deps.ts'
import { rateLimited } from '../http/clientLimits.ts'
import { Problem } from '../http/errors.ts'
import { prefer, RETRY_AFTER_SECONDS, waitingTime } from '../http/preferredWait.ts'
import { problemOfAction } from '../http/refusals.ts'
import { requesterOf } from '../http/requester.ts'
import { idParameter } from '../http/values.ts'
import { traceAction } from '../observability/actionTraces.ts'
import { claimAttributes, inSpan, TRANSACTION_HASH } from '../observability/tracing.ts'
import { createClaimedRunReader, type ReadClaimedRun } from '../queries/claimedRuns.ts'
import type { ActionOutcome } from '../relay/events.ts'
import { type ActionRequest, type ClaimMessage, UNSIGNED } from '../relay/kinds/request.ts'
import type { Relay } from '../relay/relay.ts'
import { formatAgentSummary } from '../resources/agent.ts'
import { claimBody, claimSchema, pendingClaimSchema } from '../resources/claim.ts'
import { claimRefusals } from '../resources/problem.ts'
import { formatRun } from '../resources/run.ts'
import { readUntilShown, unlessBehind } from './actionAnswers.ts'
import { agentNotFound } from './agents.ts'
import { blockHeaders, problemResponses, retryAfter } from './responses.ts'
import { runNotFound } from './runs.ts'

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
    body: { required: true, content: { 'application/json': { schema: claimBody } } },
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

export function addClaimRoutes(app: OpenAPIHono, deps: Deps) {
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
    const { relay, limits } = deps
    if (!relay) throw new Problem('RELAY_UNAVAILABLE', 'This server relays no claims.')
    limits?.takeClaim(c)
    const trace = c.get('trace')
    const request = requestOf(c, c.req.valid('param').id, c.req.valid('json'))
    const { message } = request
    traceAction(request, trace)
    const { 'idempotency-key': key, prefer } = c.req.valid('header')
    const until = waitingTime(c, prefer)
    const asked = { ...requesterOf(c, limits), until, key }
    const outcome = await relay.act(request, asked).catch((error) => {
      throw problemOfAction(error, message)
    })
    if (outcome.txHash) trace?.describe({ [TRANSACTION_HASH]: outcome.txHash })
    // Asked while the index is read. The relay keeps the node's answer for `formatWon`.
    if (outcome.status === 'done') relay.isFinal(outcome.blockNumber).catch(() => undefined)
    const won =
      outcome.status === 'done' &&
      (await inSpan(trace, 'read the run', claimAttributes(message), () =>
        readWon(c, readClaimed, message, outcome, until),
      ))
    if (won) return c.json(await formatWon(relay, outcome, won), 200)
    if (await isStored(relay, outcome)) c.header('Location', `/api/claims/${outcome.actionId}`)
    c.header('Retry-After', String(RETRY_AFTER_SECONDS))
    return c.json(await pending(readClaimed, message, outcome), 202)
  })
}

function requestOf(c: Context, bountyId: bigint, body: z.output<typeof claimBody>): ActionRequest<ClaimMessage> {
  const { agentId, walletAddress: party, signature = UNSIGNED, deadline = 0n } = body
  if (bountyId > maxUint256) throw runNotFound(bountyId)
  if (agentId > maxUint256) throw agentNotFound(agentId)
  const message = { action: 'claim', bountyId, agentId, party, deadline } as const
  return { requestId: c.get('requestId'), message, signature }
}

/** @returns undefined if the index does not show the claim until `signal` aborts. */
const readWon = (
  c: Context,
  readClaimed: ReadClaimedRun,
  { bountyId, agentId }: ClaimMessage,
  { round = 0n, blockNumber }: Extract<ActionOutcome, { status: 'done' }>,
  signal: AbortSignal,
) =>
  readUntilShown(
    c,
    async () => {
      const { snapshot, data } = await readClaimed({ bountyId, agentId, round }, { block: blockNumber, signal })
      const { run, agent, claim } = data
      return {
        snapshot,
        shown: run && agent && claim ? { run: formatRun(run, snapshot.now), agent, claim } : undefined,
      }
    },
    signal,
  )

/** A claim that the agent made without the relay is not stored. */
const isStored = async (relay: Relay, { status, actionId }: ActionOutcome) =>
  status !== 'done' || (await relay.find(actionId)) !== undefined

const messageOf = ({ status }: ActionOutcome) =>
  status === 'done'
    ? 'The run is the agent’s on chain, and the index does not show it yet. Send the claim again.'
    : 'The claim is not decided yet, and continues. See Location, or send it again.'

async function formatWon(
  relay: Relay,
  { actionId: claimId }: ActionOutcome,
  { run, agent, claim }: NonNullable<Awaited<ReturnType<typeof readWon>>>,
): Promise<z.input<typeof claimSchema>> {
  return {
    success: true,
    run,
    agent: formatAgentSummary(agent),
    message: 'Run claimed successfully.',
    claimId,
    txHash: claim.transactionHash as Hex,
    blockNumber: Number(claim.blockNumber),
    finalized: await relay.isFinal(claim.blockNumber),
  }
}

async function pending(
  readClaimed: ReadClaimedRun,
  { bountyId, agentId }: ClaimMessage,
  outcome: ActionOutcome,
): Promise<z.input<typeof pendingClaimSchema>> {
  const { snapshot, data } =
    (await readClaimed({ bountyId, agentId, round: outcome.round ?? 0n }).catch(unlessBehind)) ?? {}
  return {
    success: false,
    run: snapshot && data?.run ? formatRun(data.run, snapshot.now) : null,
    agent: data?.agent ? formatAgentSummary(data.agent) : null,
    message: messageOf(outcome),
    claimId: outcome.actionId,
    txHash: outcome.txHash ?? null,
    status: outcome.status === 'done' ? 'mined' : outcome.status,
  }
}
