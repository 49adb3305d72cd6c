import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { type Address, maxUint256, zeroAddress } from 'viem'
import { type MarketAddress, marketOf } from '../../../core/deployment.ts'
import { explainRunError } from '../../../core/market/actionErrors.ts'
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
import { Problem, type ProblemCode } from '../http/errors.ts'
import { problemOf } from '../http/refusals.ts'
import { addressParameter, idParameter } from '../http/values.ts'
import { runAndAgent, runById } from '../queries/runs.ts'
import { refusalOfReward } from '../relay/refusal.ts'
import { textParameter } from '../resources/action.ts'
import { reasonsOf } from '../resources/eligibility.ts'
import type { BodyMembers } from '../resources/message.ts'
import { formatRun, type Run } from '../resources/run.ts'
import { factsOf } from '../resources/runFacts.ts'
import { agentNotFound } from './agents.ts'
import { claimToSign } from './claimMessage.ts'
import { readIndex } from './indexed.ts'
import { deadlineParameter, endOfValidity, messageRoute } from './messageRoute.ts'
import { runNotFound } from './runs.ts'

/** Why there is no message: the index shows that the market would refuse the action. */
const refusalCodes = {
  claim: [
    'RUN_NOT_FOUND',
    'AGENT_NOT_FOUND',
    'RUN_NOT_OPEN',
    'RUN_DEADLINE_PASSED',
    'REWARD_TOO_LOW',
    'NOT_CLAIMANT',
    'WALLET_MISMATCH',
    'AGENT_BANNED',
    'AGENT_FROZEN',
    'INSUFFICIENT_STAKE',
    'INSUFFICIENT_UNLOCKED_STAKE',
  ],
  action: [
    'RUN_NOT_FOUND',
    'REWARD_TOO_LOW',
    'WRONG_STATE',
    'SIGNER_MISMATCH',
    'WRONG_REVISION',
    'REVIEW_PERIOD_OVER',
    'NO_REVISIONS_LEFT',
    'REVISIONS_LEFT',
    'RUN_CLOSING',
    'SUBMISSION_OVERDUE',
  ],
} as const satisfies Record<string, readonly ProblemCode[]>

/** The route of the message of an action about a run. @param query its parameters beside those of all these messages. */
const routeOf = <Name extends RunActionName | 'claim', Query extends z.ZodRawShape>(
  name: Name,
  members: BodyMembers,
  query: Query,
  codes: readonly ProblemCode[],
) => {
  const all = {
    runId: idParameter,
    ...query,
    deadline: deadlineParameter.openapi({
      description: 'Last second at which the signature is valid. 15 minutes ahead if absent.',
    }),
  }
  return messageRoute(name, members, all, [...codes, 'INDEX_BEHIND'])
}

/** The parameters of the messages of actions about runs. */
type ActionQuery = {
  runId: bigint
  signer?: Address
  revision?: bigint
  deliverableHash?: string
  feedbackHash?: string
  claimant?: Address
  deadline?: bigint
  minBlock?: bigint
}

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

/** The parameters that the action has beside those of all messages. */
function parametersOf(name: RunActionName): z.ZodRawShape {
  const isReview = partyMemberOf(name) === 'signer'
  const text = textMemberOf(name)
  return {
    signer: isReview ? addressParameter : otherSigner,
    ...(text && { [text]: textParameter }),
    ...(hasMember(name, 'claimant') && { claimant: addressParameter }),
    ...(isReview && { revision: revisionParameter.optional() }),
  }
}

export function addMessageRoutes(app: OpenAPIHono, deps: Deps) {
  const market = marketOf(deps.deployment)
  const leastReward = deps.relay?.leastReward ?? 0n

  const claimMembers = { agentId: 'Id', walletAddress: 'string', deadline: 'integer' } as const
  const claimQuery = { agentId: idParameter, walletAddress: addressParameter }
  app.openapi(routeOf('claim', claimMembers, claimQuery, refusalCodes.claim), async (c) => {
    const { runId, agentId, walletAddress, deadline, minBlock } = c.req.valid('query')
    const { snapshot, data } = await readIndex(
      c,
      deps.index.read(minBlock, (tx, block) => runAndAgent(tx, block, runId, agentId)),
    )
    if (data === null) throw runNotFound(runId)
    const { run, agent } = data
    if (agent === null || agentId > maxUint256) throw agentNotFound(agentId)
    const [reason] = reasonsOf(run, claimErrors(run, agent, walletAddress, snapshot.now), leastReward)
    if (reason) throw new Problem(reason.code, reason.sentence, { extensions: reason.extensions })
    const until = endOfValidity(deadline, snapshot.now)
    return c.json({ action: 'claim' as const, ...claimToSign(market, run, agentId, walletAddress, until) }, 200)
  })

  for (const name of runActionNames) {
    app.openapi(routeOf(name, bodyMembers(name), parametersOf(name), refusalCodes.action), async (c) => {
      const query = c.req.valid('query') as ActionQuery
      const { snapshot, data } = await readIndex(
        c,
        deps.index.read(query.minBlock, (tx) => runById(tx, query.runId)),
      )
      if (data === null) throw runNotFound(query.runId)
      const run = formatRun(data, snapshot.now)
      return c.json(toSign(market, name, run, data.namings, query, snapshot.now, leastReward), 200)
    })
  }
}

/** @param now in seconds. @throws Problem with the reason for which the market would refuse the action at this block. */
function toSign(
  market: MarketAddress,
  name: RunActionName,
  run: Run,
  namings: number,
  { signer, revision: named, claimant, deadline: requested, ...query }: ActionQuery,
  now: bigint,
  leastReward: bigint,
) {
  const facts = factsOf(run)
  const { bountyId } = facts
  // Without a claim there is no wallet that could sign, and the run is in no state in which one may.
  const party = signer ?? onlyPartyOf(name, facts) ?? zeroAddress
  const revision = named ?? revisionOf(name, facts)
  const error = runActionError(name, facts, party, revision, now)
  if (error) {
    const { code, sentence, extensions } = explainRunError(error)
    throw new Problem(code, sentence, { extensions })
  }
  const small = refusalOfReward('action', bountyId, BigInt(run.reward), leastReward)
  if (small) throw problemOf(small)
  const text = textMemberOf(name)
  const message = {
    action: name,
    bountyId,
    party,
    round: hasMember(name, 'round') ? BigInt(run.round) : 0n,
    revision: hasMember(name, 'revision') ? revision : 0n,
    text: (text && query[text]) ?? '',
    ...(claimant && { naming: BigInt(namings), claimant }),
    deadline: endOfValidity(requested, now, hasMember(name, 'round') ? { longest: null } : {}),
  }
  return {
    action: name,
    path: `/api/runs/${bountyId}/${name}`,
    body: bodyOf(message),
    typedData: runTypedData(market, message),
  }
}
