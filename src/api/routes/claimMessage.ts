import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type Address, maxUint256, zeroAddress } from 'viem'
import { type MarketAddress, marketOf } from '../../../core/deployment.ts'
import { formatId } from '../../../core/format.ts'
import { claimTypedData, DEFAULT_VALIDITY_SECONDS, MAX_VALIDITY_SECONDS } from '../../../core/market/claimMessage.ts'
import type { Deps } from '../deps.ts'
import { Problem } from '../http/errors.ts'
import { addressParameter, idParameter } from '../http/values.ts'
import { type RunTerms, runById } from '../queries/runs.ts'
import { claimMessageSchema } from '../resources/claimMessage.ts'
import { agentNotFound } from './agents.ts'
import { answerJson, minBlock, readIndex } from './indexed.ts'
import { indexedResponses } from './responses.ts'
import { runNotFound } from './runs.ts'

export const deadlineParameter = z
  .string('must be given once')
  .regex(/^[1-9][0-9]{0,14}$/, 'must be a time in seconds since 1970')
  .transform(BigInt)

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
      deadline: deadlineParameter.optional().openapi({
        type: 'integer',
        description: 'Last second at which the signature is valid, at most an hour ahead. 15 minutes ahead if absent.',
      }),
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
    const { snapshot, data } = await readIndex(
      c,
      deps.index.read(minBlock, (tx) => runById(tx, id)),
    )
    if (data === null) throw runNotFound(id)
    if (agentId > maxUint256) throw agentNotFound(agentId)
    const deadline = futureDeadline(requested, snapshot.now, MAX_VALIDITY_SECONDS)
    const { typedData, path, body } = claimToSign(market, data, agentId, walletAddress, deadline)
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

/**
 * The deadline of a message, in seconds.
 * @param longest how far ahead it may be, in seconds; undefined if the market accepts any.
 * @throws Problem VALIDATION_FAILED
 */
export function futureDeadline(requested: bigint | undefined, now: bigint, longest: bigint | undefined): bigint {
  if (requested === undefined) return now + DEFAULT_VALIDITY_SECONDS
  if (requested > now && (longest === undefined || requested <= now + longest)) return requested
  const range = longest === undefined ? `${now + 1n} on` : `${now + 1n} to ${now + longest}, an hour ahead`
  throw new Problem('VALIDATION_FAILED', `deadline: must be from ${range}, got ${requested}.`, {
    extensions: { field: 'deadline', value: requested.toString() },
  })
}
