import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { zeroAddress } from 'viem'
import { marketOf } from '../../../core/deployment.ts'
import { actionErrorCodes, explainRunError } from '../../../core/market/actionErrors.ts'
import { claimErrorCodes } from '../../../core/market/contractErrors.ts'
import { directClaimCalls, directRunCalls } from '../../../core/market/directCall.ts'
import { claimErrors } from '../../../core/market/eligibility.ts'
import { onlyPartyOf, revisionOf, runActionError } from '../../../core/market/runActionRules.ts'
import {
  bodyMembers,
  bodyOf,
  hasMember,
  partyMemberOf,
  type RunActionName,
  runActionNames,
  runTypedData,
  textMemberOf,
} from '../../../core/market/runActions.ts'
import type { Deps } from '../deps.ts'
import { type ProblemCode, refusedBy } from '../http/errors.ts'
import { addressParameter, idParameter } from '../http/values.ts'
import type { RunTerms } from '../queries/runs.ts'
import { refusalOfReward } from '../relay/refusal.ts'
import { type RunBody, textParameter } from '../resources/bodies.ts'
import { reasonsOf } from '../resources/eligibility.ts'
import type { BodyMembers } from '../resources/messages.ts'
import { relayOf } from './actionAnswers.ts'
import { pathOf } from './actions.ts'
import { claimToSign } from './claimReads.ts'
import { agentMembers, agentQuery, deadlineParameter, endOfValidity, messageRoute, unsigned } from './messageRoute.ts'
import { readRun, readRunAndAgent } from './named.ts'

/** The route of the message of an action about a run. @param query its parameters beside those of all these messages. */
const routeOf = <Name extends RunActionName | 'claim', Query extends z.ZodRawShape>(
  name: Name,
  members: BodyMembers,
  query: Query,
  codes: readonly ProblemCode[],
) => {
  const all = {
    ...query,
    deadline: deadlineParameter.openapi({
      description: 'Last second at which the signature is valid. 15 minutes ahead if absent.',
    }),
  }
  return messageRoute(name, members, all, ['REWARD_TOO_LOW', ...unsigned(codes), 'INDEX_BEHIND', 'RELAY_UNAVAILABLE'])
}

/** The parameters of the messages of actions about runs. */
type ActionQuery = Partial<RunBody> & { runId: bigint; minBlock?: bigint }

const revisionParameter = z
  .string('must be given once')
  .regex(/^[0-9]$/, 'must be the number of a revision, from 0')
  .transform(BigInt)
  .openapi({
    type: 'integer',
    description: 'That of the last delivery, which is the default. Refused if it no longer is.',
  })

const otherSigner = addressParameter
  .optional()
  .openapi({ description: 'Who will sign: refused here if it may not. Absent: the account that must.' })

/** The parameters that the action has beside those of all messages about runs. */
function parametersOf(name: RunActionName): z.ZodRawShape {
  const isReview = partyMemberOf(name) === 'signer'
  const text = textMemberOf(name)
  return {
    runId: idParameter,
    signer: isReview ? addressParameter : otherSigner,
    ...(text && { [text]: textParameter }),
    ...(hasMember(name, 'claimant') && { claimant: addressParameter }),
    ...(isReview && { revision: revisionParameter.optional() }),
  }
}

export function addMessageRoutes(app: OpenAPIHono, deps: Deps) {
  const market = marketOf(deps.deployment)

  const claimMembers = { ...agentMembers, deadline: 'integer' } as const
  app.openapi(routeOf('claim', claimMembers, agentQuery, claimErrorCodes), async (c) => {
    const { leastReward } = relayOf(deps, 'claim')
    const { runId, agentId, walletAddress, deadline, minBlock } = c.req.valid('query')
    const { snapshot, run, agent } = await readRunAndAgent(c, deps.index, minBlock, runId, agentId)
    const [reason] = reasonsOf(run, claimErrors(run, agent, walletAddress, snapshot.now), leastReward)
    if (reason) throw refusedBy(reason)
    const until = endOfValidity(deadline, snapshot.now)
    const { path, body, typedData } = claimToSign(market, run, agentId, walletAddress, until)
    const calls = directClaimCalls(market, { bountyId: run.bountyId, agentId })
    return c.json({ action: 'claim' as const, path, body, typedData, ...calls }, 200)
  })

  for (const name of runActionNames) {
    app.openapi(routeOf(name, bodyMembers(name), parametersOf(name), actionErrorCodes), async (c) => {
      const { leastReward } = relayOf(deps, name)
      const query = c.req.valid('query') as ActionQuery
      const { snapshot, run } = await readRun(c, deps.index, query.minBlock, query.runId)
      const message = messageOf(name, run, query, snapshot.now, leastReward)
      const path = pathOf(name, run.bountyId)
      const typedData = runTypedData(market, message)
      return c.json({ action: name, path, body: bodyOf(message), typedData, ...directRunCalls(market, message) }, 200)
    })
  }
}

/** @param now in seconds. @throws Problem with the reason for which the market would refuse the action at this block. */
function messageOf(
  name: RunActionName,
  run: RunTerms,
  { signer, revision: named, claimant, deadline: requested, ...query }: ActionQuery,
  now: bigint,
  leastReward: bigint,
) {
  const facts = { ...run, poster: run.posterAddress, revisions: BigInt(run.revisions) }
  // Without a claim there is no wallet that could sign, and the run is in no state in which one may.
  const party = signer ?? onlyPartyOf(name, facts) ?? zeroAddress
  const revision = named ?? revisionOf(name, facts)
  const error = runActionError(name, facts, party, revision, now)
  if (error) throw refusedBy(explainRunError(error))
  const small = refusalOfReward('action', run.bountyId, run.reward, leastReward)
  if (small) throw small
  const text = textMemberOf(name)
  return {
    action: name,
    bountyId: run.bountyId,
    party,
    round: hasMember(name, 'round') ? BigInt(run.round) : 0n,
    revision: hasMember(name, 'revision') ? revision : 0n,
    text: (text && query[text]) ?? '',
    ...(claimant && { naming: BigInt(run.namings), claimant }),
    deadline: endOfValidity(requested, now, hasMember(name, 'round') ? { longest: null } : {}),
  }
}
