import { setTimeout as sleep } from 'node:timers/promises'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type Address, maxUint256 } from 'viem'
import { partyMemberOf, type RunActionName, runActionNames, textMemberOf } from '../../../market/runActions.ts'
import type { ActionOutcome } from '../../../relay/actions/events.ts'
import type { ActionRequest } from '../../../relay/actions/request.ts'
import type { Relay } from '../../../relay/relay.ts'
import { blockHeaders as blockHeadersOf } from '../cache/cachedResponse.ts'
import type { Deps } from '../deps.ts'
import { Problem } from '../http/errors.ts'
import { INDEX_INTERVAL_MS, prefer, RETRY_AFTER_SECONDS, waitingTime } from '../http/preferredWait.ts'
import { problemOfAction } from '../http/refusals.ts'
import { requesterOf } from '../http/requester.ts'
import { idParameter } from '../http/values.ts'
import { createActedRunReader, type ReadActedRun } from '../queries/actedRuns.ts'
import { type ActionBody, actionBody, actionSchema, pendingActionSchema } from '../resources/action.ts'
import { actionRefusals } from '../resources/problem.ts'
import { asRun, type Run } from '../resources/run.ts'
import { blockHeaders, problemResponses, retryAfter } from './responses.ts'
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
      'The wallet that claimed the run signs. The stake of the claim is burned. The run opens again, or ends as a ' +
      'rejection where a revision was requested.',
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
}

const PENDING_MESSAGE = 'The action is not decided yet, and continues. See Location, or send it again.'

const routeOf = (name: RunActionName) => {
  const { summary, description, made } = texts[name]
  return createRoute({
    method: 'post',
    path: `/api/runs/{id}/${name}`,
    operationId: `${name}Run`,
    tags: ['Actions'],
    summary,
    description:
      `${description} \`GET /api/messages/${name}\` answers what to sign, and this body without the signature. Waits, up to ` +
      '15 seconds, until the index shows the action. Repeating the request is safe: a signed message is sent once.',
    request: {
      params: z.object({ id: idParameter }),
      headers: z.object({ prefer: prefer.optional() }),
      body: { required: true, content: { 'application/json': { schema: actionBody(name) } } },
    },
    responses: {
      200: {
        description: `${made} The run is as the index shows it.`,
        headers: blockHeaders(true),
        content: { 'application/json': { schema: actionSchema } },
      },
      202: {
        description: `${name} is not decided in time, and continues. \`Location\` has its state.`,
        headers: {
          Location: {
            description: '`GET /api/actions/:actionId` of the action.',
            required: true,
            schema: { type: 'string' },
          },
          ...retryAfter(true),
        },
        content: { 'application/json': { schema: pendingActionSchema } },
      },
      ...problemResponses([
        'VALIDATION_FAILED',
        ...actionRefusals,
        'REWARD_TOO_LOW',
        'PAYLOAD_TOO_LARGE',
        'UNSUPPORTED_MEDIA_TYPE',
        'RATE_LIMITED',
        'ACTION_PENDING',
        'RELAY_UNAVAILABLE',
      ]),
    },
  })
}

export function addActionRoutes(app: OpenAPIHono, deps: Deps) {
  const readActed = createActedRunReader(deps.index)

  for (const name of runActionNames) {
    app.openapi(routeOf(name), async (c) => {
      const { relay, limits, relayedActions = runActionNames } = deps
      if (!relay) throw new Problem('RELAY_UNAVAILABLE', 'This server relays nothing.')
      if (!relayedActions.includes(name)) throw new Problem('RELAY_UNAVAILABLE', `This server does not relay ${name}.`)
      limits?.takeClaim(c)
      const request = requestOf(c, name, c.req.valid('param').id, c.req.valid('json'))
      const until = waitingTime(c, c.req.valid('header').prefer)
      const outcome = await relay.act(request, { ...requesterOf(c, limits), until }).catch((error) => {
        throw problemOfAction(error, request.message)
      })
      const { bountyId } = request.message
      const made = outcome.status === 'done' && (await readMade(c, readActed, bountyId, outcome, until))
      if (made) return c.json(await formatMade(relay, outcome, made, texts[name].made), 200)
      c.header('Location', `/api/actions/${outcome.actionId}`)
      c.header('Retry-After', String(RETRY_AFTER_SECONDS))
      return c.json(await pending(readActed, bountyId, outcome), 202)
    })
  }
}

function requestOf(c: Context, action: RunActionName, bountyId: bigint, body: ActionBody): ActionRequest {
  if (bountyId > maxUint256) throw runNotFound(bountyId)
  const { round = 0n, revision = 0n, deadline, signature } = body
  const text = textMemberOf(action)
  const party: Address | undefined = body[partyMemberOf(action)]
  if (!party) throw new Error(`The body of ${action} has no ${partyMemberOf(action)}`)
  return {
    requestId: c.get('requestId'),
    message: { action, bountyId, party, round, revision, text: (text && body[text]) ?? '', deadline },
    signature,
  }
}

type Done = Extract<ActionOutcome, { status: 'done' }>

/** @returns undefined if the index does not show the action until `signal` aborts. */
async function readMade(
  c: Context,
  readActed: ReadActedRun,
  bountyId: bigint,
  { txHash, blockNumber: block }: Done,
  signal: AbortSignal,
): Promise<{ run: Run; blockNumber: bigint } | undefined> {
  do {
    try {
      const { snapshot, data } = await readActed({ bountyId, txHash }, { block, signal })
      for (const [name, value] of Object.entries(blockHeadersOf(snapshot))) c.header(name, value)
      if (data.run && data.blockNumber !== null) return { run: asRun(data.run), blockNumber: data.blockNumber }
    } catch (error) {
      if (!(error instanceof Problem && error.code === 'INDEX_BEHIND')) throw error
    }
    await sleep(INDEX_INTERVAL_MS)
  } while (!signal.aborted)
  return undefined
}

async function formatMade(
  relay: Relay,
  { actionId, txHash }: Done,
  { run, blockNumber }: { run: Run; blockNumber: bigint },
  message: string,
): Promise<z.input<typeof actionSchema>> {
  return {
    success: true,
    run,
    message,
    actionId,
    txHash,
    blockNumber: Number(blockNumber),
    finalized: await relay.isFinal(blockNumber),
  }
}

async function pending(
  readActed: ReadActedRun,
  bountyId: bigint,
  { actionId, txHash, status }: ActionOutcome,
): Promise<z.input<typeof pendingActionSchema>> {
  const { data } = await readActed({ bountyId, txHash }).catch((error) => {
    if (error instanceof Problem && error.code === 'INDEX_BEHIND') return { data: undefined }
    throw error
  })
  return {
    success: false,
    run: data?.run ? asRun(data.run) : null,
    message: PENDING_MESSAGE,
    actionId,
    txHash,
    status: status === 'done' ? 'mined' : status,
  }
}
