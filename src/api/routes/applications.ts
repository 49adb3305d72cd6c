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
import { claimErrorCodes, explainClaimError } from '../../../core/market/contractErrors.ts'
import { agentErrors, runErrors } from '../../../core/market/eligibility.ts'
import { MAX_AGE_DAYS, MOST_OF_AGENT, MOST_OF_RUN } from '../content/applications.ts'
import type { Deps } from '../deps.ts'
import { requesterOf } from '../http/clientLimits.ts'
import { Problem, type ProblemCode, refusedBy } from '../http/errors.ts'
import { challenge } from '../http/refusals.ts'
import { idParameter } from '../http/values.ts'
import { applicationsFor, weakestOf } from '../queries/applications.ts'
import { runById } from '../queries/runs.ts'
import { isSignedByKey } from '../relay/chain/signatures.ts'
import { Refusal } from '../relay/refusal.ts'
import {
  applicationSchema,
  applyBody,
  doneSchema,
  formatApplication,
  noteSchema,
  withdrawBody,
} from '../resources/application.ts'
import { reasonsOf } from '../resources/eligibility.ts'
import { ask } from './content.ts'
import { answerJson, minBlock, readIndex } from './indexed.ts'
import { agentMembers, agentQuery, deadlineParameter, endOfValidity, messageRoute, unsigned } from './messageRoute.ts'
import { readRunAndAgent, runNotFound } from './named.ts'
import { formatPagination, pageParameters, paginationSchema, sliceOf } from './pagination.ts'
import { indexedResponses, jsonBody, problemResponses } from './responses.ts'

const path = '/api/runs/{id}/applications'
const params = z.object({ id: idParameter })

const notFound = ['RUN_NOT_FOUND', 'AGENT_NOT_FOUND'] as const

/** As of a claim, but for the claimant. */
const refusals: ProblemCode[] = [
  'REWARD_TOO_LOW',
  ...unsigned(claimErrorCodes).filter((code) => code !== 'NOT_CLAIMANT'),
  'APPLICATION_REFUSED',
]

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

const sendRoute = <Method extends 'post' | 'delete', Body extends z.ZodType>(
  method: Method,
  operationId: string,
  summary: string,
  description: string,
  schema: Body,
  codes: readonly ProblemCode[],
) =>
  createRoute({
    method,
    path,
    operationId,
    tags: ['Applications'],
    summary,
    description,
    request: { params, ...jsonBody(schema) },
    responses: {
      200: { description: `${summary}: done.`, content: { 'application/json': { schema: doneSchema } } },
      ...problemResponses([
        'VALIDATION_FAILED',
        'INVALID_SIGNATURE',
        'WALLET_NOT_DEPLOYED',
        'SIGNATURE_EXPIRED',
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
  notFound,
)

const deadline = deadlineParameter
const getApplyMessage = messageRoute(
  'apply',
  { ...agentMembers, note: 'string', deadline: 'integer' },
  { ...agentQuery, deadline, note: noteSchema },
  [...refusals, 'INDEX_BEHIND'],
)
const getWithdrawMessage = messageRoute(
  'withdraw',
  { ...agentMembers, deadline: 'integer' },
  { ...agentQuery, deadline },
  [...notFound, 'INDEX_BEHIND'],
  'DELETE',
)

export function addApplicationRoutes(app: OpenAPIHono, deps: Deps) {
  const market = marketOf(deps.deployment)
  const leastReward = deps.relay?.leastReward ?? 0n

  app.openapi(listApplications, async (c) => {
    const { id } = c.req.valid('param')
    const { minBlock, page, limit } = c.req.valid('query')
    const { data } = await readIndex(c, deps.index, minBlock, async (tx, block) => {
      const run = await runById(tx, id)
      return run && applicationsFor(tx, block, run)
    })
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
    const { snapshot, run, agent } = await readRunAndAgent(c, deps.index, minBlock, runId, agentId)
    if (action === 'withdraw') return snapshot.now
    const errors = [...runErrors(run, snapshot.now), ...agentErrors(agent, wallet, run.stakeRequired)]
    const [reason] = reasonsOf(run, errors, leastReward)
    if (reason) throw refusedBy(reason)
    // To name the poster is to name none.
    if (wallet === run.posterAddress) throw refused(`The poster of run ${runId} cannot claim it.`)
    if (run.claimant === null) throw refused(`Run ${runId} takes no applications: any wallet may claim it.`)
    return snapshot.now
  }

  /** Checks the request as `check` does, and that the wallet has signed it. */
  async function authenticate(c: Context, message: ApplicationMessage, signature: Hex) {
    const now = await check(c, message)
    const { runId, agentId, wallet, note, deadline } = message
    const named = { runId: String(runId), agentId: String(agentId), walletAddress: wallet, ...(note && { note }) }
    const headers = challenge(`/api/messages/${message.action}?${new URLSearchParams(named)}`)
    const latest = now + MAX_VALIDITY_SECONDS
    if (deadline < now) {
      throw refusedBy(explainClaimError({ errorName: 'SignatureExpired', args: [deadline, now] }), headers)
    }
    if (deadline > latest) {
      throw refusedBy(explainClaimError({ errorName: 'SignatureTooLong', args: [deadline, latest] }), headers)
    }
    const signed = { digest: applicationDigest(market, message), wallet, signature }
    const refuse = (error: unknown) => {
      if (!(error instanceof Refusal) || error.code !== 'WALLET_NOT_DEPLOYED') throw error
      throw new Problem(error.code, error.detail, { headers })
    }
    const isSigned =
      isSignedByKey(signed) || (await deps.relay?.isSigned(signed, requesterOf(c, deps.limits)).catch(refuse))
    const detail = `The signature is not ${wallet}’s of this message about run ${runId}.`
    if (!isSigned) throw new Problem('INVALID_SIGNATURE', detail, { headers })
  }

  app.openapi(apply, async (c) => {
    await deps.limits?.takeClaim(c)
    const { id: runId } = c.req.valid('param')
    const { signature, walletAddress: wallet, ...body } = c.req.valid('json')
    const message = { action: 'apply', runId, wallet, ...body } as const
    await authenticate(c, message, signature)
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
    await deps.limits?.takeClaim(c)
    const { id: runId } = c.req.valid('param')
    const { signature, walletAddress: wallet, ...body } = c.req.valid('json')
    const message = { action: 'withdraw', runId, wallet, note: '', ...body } as const
    await authenticate(c, message, signature)
    const { agentId } = message
    await ask(deps.content, (store) => store.withdraw({ bountyId: runId, agentId, wallet }))
    return c.json(
      { success: true as const, message: `Run ${runId} has no application of agent ${agentId} and wallet ${wallet}.` },
      200,
    )
  })

  type Asked = z.output<typeof getWithdrawMessage.request.query> & { note?: string }

  async function toSign(c: Context, action: 'apply' | 'withdraw', asked: Asked) {
    const { runId, agentId, walletAddress, deadline: requested, minBlock, note = '' } = asked
    const message = { action, runId, agentId, wallet: walletAddress, note }
    const deadline = endOfValidity(requested, await check(c, message, minBlock))
    const body = { agentId: formatId(agentId), walletAddress, ...(note && { note }), deadline: Number(deadline) }
    const typedData = applicationTypedData(market, { ...message, deadline })
    const path = `/api/runs/${runId}/applications`
    return c.json({ action, path, body, typedData, call: null, calls: [] } as never, 200)
  }

  app.openapi(getApplyMessage, (c) => toSign(c, 'apply', c.req.valid('query')))
  app.openapi(getWithdrawMessage, (c) => toSign(c, 'withdraw', c.req.valid('query')))
}

const refused = (detail: string) => new Problem('APPLICATION_REFUSED', detail)
