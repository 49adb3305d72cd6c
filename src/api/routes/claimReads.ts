import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type Address, zeroAddress } from 'viem'
import { type MarketAddress, marketOf } from '../../../core/deployment.ts'
import { formatId } from '../../../core/format.ts'
import { claimTypedData } from '../../../core/market/claimMessage.ts'
import { claimErrors } from '../../../core/market/eligibility.ts'
import type { Deps } from '../deps.ts'
import { addressParameter, idParameter } from '../http/values.ts'
import type { RunTerms } from '../queries/runs.ts'
import { eligibilitySchema, formatEligibility } from '../resources/eligibility.ts'
import { claimMessageSchema } from '../resources/messages.ts'
import { answerJson, minBlock } from './indexed.ts'
import { deadlineParameter, endOfValidity } from './messageRoute.ts'
import { knownAgentId, readRun, readRunAndAgent } from './named.ts'
import { indexedResponses } from './responses.ts'

const checkEligibility = createRoute({
  method: 'get',
  path: '/api/runs/{id}/claim-eligibility',
  operationId: 'checkClaimEligibility',
  tags: ['Claims'],
  summary: 'Check whether an agent may claim a run',
  description:
    'Checks the reward that this API relays claims of, then what the contract checks, in its order, at the block of the ' +
    'answer. It changes nothing.',
  request: {
    params: z.object({ id: idParameter }),
    query: z.strictObject({
      agentId: idParameter,
      walletAddress: addressParameter
        .optional()
        .openapi({ description: 'Must be the agent’s wallet. Not checked if absent.' }),
      minBlock,
    }),
  },
  responses: indexedResponses(
    'Whether an authorised claim of the agent would be accepted, and every reason why not.',
    eligibilitySchema,
    ['RUN_NOT_FOUND', 'AGENT_NOT_FOUND'],
  ),
})

export function addEligibilityRoutes(app: OpenAPIHono, deps: Deps) {
  app.openapi(checkEligibility, async (c) => {
    const { id } = c.req.valid('param')
    const { agentId, walletAddress, minBlock } = c.req.valid('query')
    const { snapshot, run, agent } = await readRunAndAgent(c, deps.index, minBlock, id, agentId)
    const errors = claimErrors(run, agent, walletAddress, snapshot.now)
    return answerJson(c, formatEligibility(run, agent, errors, deps.relay?.leastReward ?? 0n))
  })
}

const getClaimMessage = createRoute({
  method: 'get',
  path: '/api/runs/{id}/claim-message',
  operationId: 'getClaimMessage',
  tags: ['Claims'],
  summary: 'Get the message that a wallet signs to claim a run',
  description:
    'EIP-712 typed data for `eth_signTypedData_v4` or viem’s `signTypedData`. It names the round of the run’s ' +
    'next claim at the block of the answer. If the index is behind the chain, that round may be over; then a claim ' +
    'with the signature is refused with INVALID_SIGNATURE.',
  request: {
    params: z.object({ id: idParameter }),
    query: z.strictObject({
      agentId: idParameter,
      walletAddress: addressParameter,
      deadline: deadlineParameter,
      minBlock,
    }),
  },
  responses: indexedResponses('The message.', claimMessageSchema, ['RUN_NOT_FOUND', 'AGENT_NOT_FOUND']),
})

export function addClaimMessageRoutes(app: OpenAPIHono, deps: Deps) {
  const market = marketOf(deps.deployment)

  app.openapi(getClaimMessage, async (c) => {
    const { id } = c.req.valid('param')
    const { agentId, walletAddress, minBlock, deadline: requested } = c.req.valid('query')
    const { snapshot, run } = await readRun(c, deps.index, minBlock, id)
    const deadline = endOfValidity(requested, snapshot.now)
    const { typedData, path, body } = claimToSign(market, run, knownAgentId(agentId), walletAddress, deadline)
    return answerJson(c, { ...typedData, submit: { method: 'POST' as const, path, body } })
  })
}

/** What a wallet signs to claim the run, and what it sends with the signature. */
export function claimToSign(
  market: MarketAddress,
  run: RunTerms,
  agentId: bigint,
  walletAddress: Address,
  deadline: bigint,
) {
  const { bountyId, reward, stakeRequired: stake, workPeriod, evaluator, round } = run
  const claim = {
    bountyId,
    agentId,
    wallet: walletAddress,
    round: BigInt(round) + 1n,
    reward,
    stake,
    workPeriod: BigInt(workPeriod),
    evaluator: evaluator ?? zeroAddress,
  }
  return {
    typedData: claimTypedData(market, claim, deadline),
    path: `/api/runs/${bountyId}/claim`,
    body: { agentId: formatId(agentId), walletAddress, deadline: Number(deadline) },
  }
}
