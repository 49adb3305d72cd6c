import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Hex } from 'viem'
import { marketOf } from '../../../core/deployment.ts'
import { formatId } from '../../../core/format.ts'
import {
  type ApplicationMessage,
  applicationDigest,
  applicationTypedData,
} from '../../../core/market/applicationMessage.ts'
import { MAX_VALIDITY_SECONDS } from '../../../core/market/claimMessage.ts'
import { explainClaimError } from '../../../core/market/contractErrors.ts'
import { agentErrors, runErrors } from '../../../core/market/eligibility.ts'
import { MAX_AGE_DAYS, MOST_OF_AGENT, MOST_OF_RUN } from '../content/applications.ts'
import type { Deps } from '../deps.ts'
import { Problem, type ProblemCode } from '../http/errors.ts'
import { problemOf } from '../http/refusals.ts'
import { requesterOf } from '../http/requester.ts'
import { addressParameter, idParameter } from '../http/values.ts'
import { applicationsFor, weakestOf } from '../queries/applications.ts'
import { runAndAgent, runById } from '../queries/runs.ts'
import { isSignedByKey } from '../relay/chain/signatures.ts'
import {
  applicationSchema,
  applyBody,
  doneSchema,
  formatApplication,
  noteSchema,
  withdrawBody,
} from '../resources/application.ts'
import { reasonsOf } from '../resources/eligibility.ts'
import { agentNotFound } from './agents.ts'
import { ask } from './content.ts'
import { answerJson, minBlock, readIndex } from './indexed.ts'
import { deadlineParameter, endOfValidity, messageRoute } from './messageRoute.ts'
import { formatPagination, pageParameters, paginationSchema, sliceOf } from './pagination.ts'
import { indexedResponses, problemResponses } from './responses.ts'
import { runNotFound } from './runs.ts'

const path = '/api/runs/{id}/applications'
const params = z.object({ id: idParameter })

const refusals = [
  'RUN_NOT_OPEN',
  'RUN_DEADLINE_PASSED',
  'REWARD_TOO_LOW',
  'WALLET_MISMATCH',
  'AGENT_BANNED',
  'AGENT_FROZEN',
  'INSUFFICIENT_STAKE',
  'INSUFFICIENT_UNLOCKED_STAKE',
  'APPLICATION_REFUSED',
] as const satisfies ProblemCode[]

const listApplications = createRoute({
  method: 'get',
  path,
  operationId: 'listApplications',
  tags: ['Applications'],
  summary: 'List the applications for a run',
  description:
    'Those of agents that may claim the run now but for its claimant: by the fees of their approved runs, then by stake. None once ' +
    'the run is claimed.',
  request: { params, query: z.strictObject({ ...pageParameters(20), minBlock }) },
  responses: indexedResponses(
    'One page of the applications, the best record first.',
    z.object({ applications: z.array(applicationSchema), pagination: paginationSchema }).openapi('ApplicationList'),
    ['RUN_NOT_FOUND'],
  ),
})

const sendRoute = <Method extends 'post' | 'delete', Body extends z.ZodType, const Code extends ProblemCode>(
  method: Method,
  operationId: string,
  summary: string,
  description: string,
  schema: Body,
  codes: readonly Code[],
) =>
  createRoute({
    method,
    path,
    operationId,
    tags: ['Applications'],
    summary,
    description,
    request: { params, body: { required: true, content: { 'application/json': { schema } } } },
    responses: {
      200: { description: `${summary}: done.`, content: { 'application/json': { schema: doneSchema } } },
      ...problemResponses([
        'VALIDATION_FAILED',
        'INVALID_SIGNATURE',
        'SIGNATURE_EXPIRED',
        'RUN_NOT_FOUND',
        'AGENT_NOT_FOUND',
        ...codes,
        'PAYLOAD_TOO_LARGE',
        'UNSUPPORTED_MEDIA_TYPE',
        'RATE_LIMITED',
        'INDEX_BEHIND',
        'RELAY_UNAVAILABLE',
        'CONTENT_UNAVAILABLE',
      ]),
    },
  })

const apply = sendRoute(
  'post',
  'applyForRun',
  'Apply for a run that waits for a claimant',
  `For an agent that could claim the run but for its claimant. The poster names one wallet, which then claims. It costs and locks nothing. At most ${MOST_OF_AGENT} open ones of an agent and ${MOST_OF_RUN} for a run, which drops agents that may no longer claim, then the lowest record. Gone after ${MAX_AGE_DAYS} days.`,
  applyBody,
  refusals,
)

const withdraw = sendRoute(
  'delete',
  'withdrawApplication',
  'Withdraw an application',
  'Safe to repeat.',
  withdrawBody,
  [],
)

const members = { agentId: 'Id', walletAddress: 'string', deadline: 'integer' } as const
const query = {
  runId: idParameter,
  agentId: idParameter,
  walletAddress: addressParameter,
  deadline: deadlineParameter,
}
const messages = {
  apply: messageRoute(
    'apply',
    { agentId: 'Id', walletAddress: 'string', note: 'string', deadline: 'integer' },
    { ...query, note: noteSchema },
    ['RUN_NOT_FOUND', 'AGENT_NOT_FOUND', ...refusals, 'INDEX_BEHIND'],
  ),
  withdraw: messageRoute('withdraw', members, query, ['RUN_NOT_FOUND', 'AGENT_NOT_FOUND', 'INDEX_BEHIND'], 'DELETE'),
}

export function addApplicationRoutes(app: OpenAPIHono, deps: Deps) {
  const market = marketOf(deps.deployment)
  const leastReward = deps.relay?.leastReward ?? 0n

  app.openapi(listApplications, async (c) => {
    const { id } = c.req.valid('param')
    const { minBlock, page, limit } = c.req.valid('query')
    const { data } = await readIndex(
      c,
      deps.index.read(minBlock, async (tx, block) => {
        const run = await runById(tx, id)
        return run && applicationsFor(tx, block, run)
      }),
    )
    if (data === null) throw runNotFound(id)
    const { offset } = sliceOf({ page, limit })
    return answerJson(c, {
      applications: data.slice(offset, offset + limit).map(formatApplication),
      pagination: formatPagination({ page, limit }, data.length),
    })
  })

  /** @returns the time of the block that the index shows, in seconds. @throws Problem with the reason why the agent may not apply. */
  async function check(c: Context, message: Omit<ApplicationMessage, 'deadline'>, minBlock?: bigint): Promise<bigint> {
    const { action, runId, agentId, wallet } = message
    const { snapshot, data } = await readIndex(
      c,
      deps.index.read(minBlock, (tx, block) => runAndAgent(tx, block, runId, agentId)),
    )
    if (data === null) throw runNotFound(runId)
    const { run, agent } = data
    if (agent === null) throw agentNotFound(agentId)
    if (action === 'withdraw') return snapshot.now
    const errors = [...runErrors(run, snapshot.now), ...agentErrors(agent, wallet, run.stakeRequired)]
    const [reason] = reasonsOf(run, errors, leastReward)
    if (reason) throw new Problem(reason.code, reason.sentence, { extensions: reason.extensions })
    if (run.claimant === null) throw refused(`Run ${runId} takes no applications: any wallet may claim it.`)
    return snapshot.now
  }

  async function authenticate(c: Context, message: ApplicationMessage, signature: Hex, now: bigint) {
    const { runId, agentId, wallet, note, deadline } = message
    const named = { runId: String(runId), agentId: String(agentId), walletAddress: wallet, ...(note && { note }) }
    const url = `/api/messages/${message.action}?${new URLSearchParams(named)}`
    const headers = { 'WWW-Authenticate': `EIP712 realm="runline", message="${url}"` }
    const latest = now + MAX_VALIDITY_SECONDS
    if (deadline < now || deadline > latest) {
      const { code, sentence, extensions } = explainClaimError(
        deadline < now
          ? { errorName: 'SignatureExpired', args: [deadline, now] }
          : { errorName: 'SignatureTooLong', args: [deadline, latest] },
      )
      throw new Problem(code, sentence, { extensions, headers })
    }
    const signed = { digest: applicationDigest(market, message), wallet, signature }
    const isSigned = isSignedByKey(signed) || (await deps.relay?.isSigned(signed, requesterOf(c, deps.limits)))
    if (!isSigned) {
      throw new Problem('INVALID_SIGNATURE', `The signature is not ${wallet}’s of this message about run ${runId}.`, {
        headers,
      })
    }
  }
  const authentic = (...asked: Parameters<typeof authenticate>) =>
    authenticate(...asked).catch((error) => {
      throw problemOf(error)
    })

  app.openapi(apply, async (c) => {
    deps.limits?.takeClaim(c)
    const { id: runId } = c.req.valid('param')
    const { signature, walletAddress: wallet, ...body } = c.req.valid('json')
    const message = { action: 'apply', runId, wallet, ...body } as const
    await authentic(c, message, signature, await check(c, message))
    const { agentId, note } = message
    const result = await ask(deps.content, (store) =>
      store.apply({ bountyId: runId, agentId, wallet, note }, async (applicants) => {
        const { data } = await deps.index.read(undefined, async (tx, block) => {
          const run = await runById(tx, runId)
          return run && weakestOf(tx, block, run, applicants)
        })
        if (data === null) throw runNotFound(runId)
        return data
      }),
    )
    if (result === 'agentFull') throw refused(`Agent ${agentId} has ${MOST_OF_AGENT} open applications: withdraw one.`)
    if (result === 'runFull')
      throw refused(`Run ${runId} has ${MOST_OF_RUN} applications of agents with better records.`)
    return c.json({ success: true as const, message: `Agent ${agentId} applies for run ${runId}.` }, 200)
  })

  app.openapi(withdraw, async (c) => {
    deps.limits?.takeClaim(c)
    const { id: runId } = c.req.valid('param')
    const { signature, walletAddress: wallet, ...body } = c.req.valid('json')
    const message = { action: 'withdraw', runId, wallet, note: '', ...body } as const
    await authentic(c, message, signature, await check(c, message))
    const { agentId } = message
    await ask(deps.content, (store) => store.withdraw({ bountyId: runId, agentId, wallet }))
    return c.json({ success: true as const, message: `Agent ${agentId} does not apply for run ${runId}.` }, 200)
  })

  for (const [action, route] of [['apply', messages.apply] as const, ['withdraw', messages.withdraw] as const]) {
    app.openapi(route, async (c) => {
      const { runId, agentId, walletAddress: wallet, deadline: requested, minBlock, ...text } = c.req.valid('query')
      const { note = '' } = text as { note?: string }
      const now = await check(c, { action, runId, agentId, wallet, note }, minBlock)
      const deadline = endOfValidity(requested, now)
      const signed = {
        agentId: formatId(agentId),
        walletAddress: wallet,
        ...(note && { note }),
        deadline: Number(deadline),
      }
      const typedData = applicationTypedData(market, { action, runId, agentId, wallet, note, deadline })
      return c.json({ action, path: `/api/runs/${runId}/applications`, body: signed, typedData } as never, 200)
    })
  }
}

const refused = (detail: string) => new Problem('APPLICATION_REFUSED', detail)
