import { setTimeout as sleep } from 'node:timers/promises'
import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type Hex, maxUint256 } from 'viem'
import type { Deps } from '../deps.ts'
import { Problem } from '../errors.ts'
import { claimedRun } from '../queries/claimedRun.ts'
import { runAndAgent } from '../queries/runAndAgent.ts'
import type { ClaimRequest } from '../relay/market.ts'
import type { ClaimOutcome, Relay } from '../relay/relay.ts'
import { formatAgentSummary } from '../resources/agent.ts'
import { claimBody, claimSchema, pendingClaimSchema } from '../resources/claim.ts'
import { problemResponses } from '../resources/problem.ts'
import { formatRun } from '../resources/run.ts'
import { idParameter } from '../resources/values.ts'
import { agentNotFound } from './agents.ts'
import { indexedHeaders, readIndex } from './indexed.ts'
import { runNotFound } from './runs.ts'

/** How long a request waits for its claim to be mined and indexed. Milliseconds. */
const PATIENCE = 15_000

/** How soon the index is asked again where it cannot answer, or where a reorg took the claim out of it. Milliseconds. */
const INDEX_PAUSE = 200

const claimRun = createRoute({
  method: 'post',
  path: '/api/runs/{id}/claim',
  summary: 'Claim a run',
  description:
    'Makes the claim on chain and waits, up to 15 seconds, until the index shows it. A claim that was won is answered ' +
    'with 200 however often it is sent, as long as the run is in the claim’s hands.',
  request: {
    params: z.object({ id: idParameter }),
    body: { required: true, content: { 'application/json': { schema: claimBody } } },
  },
  responses: {
    200: {
      description: 'The run is the agent’s.',
      headers: {
        'X-Indexed-Block': indexedHeaders['X-Indexed-Block'],
        'X-Indexed-Hash': indexedHeaders['X-Indexed-Hash'],
      },
      content: { 'application/json': { schema: claimSchema } },
    },
    202: {
      description: 'The claim was sent and is not decided in time. Send it again to learn what became of it.',
      content: { 'application/json': { schema: pendingClaimSchema } },
    },
    ...problemResponses(
      ...(['VALIDATION_FAILED', 'RUN_NOT_OPEN', 'RUN_DEADLINE_PASSED'] as const),
      ...(['SIGNATURE_REQUIRED', 'INVALID_SIGNATURE', 'SIGNATURE_EXPIRED'] as const),
      ...(['WALLET_MISMATCH', 'AGENT_BANNED', 'AGENT_FROZEN'] as const),
      ...(['INSUFFICIENT_STAKE', 'INSUFFICIENT_UNLOCKED_STAKE'] as const),
      ...(['RUN_NOT_FOUND', 'AGENT_NOT_FOUND', 'CLAIM_REVERTED', 'PAYLOAD_TOO_LARGE'] as const),
      ...(['UNSUPPORTED_MEDIA_TYPE', 'RELAY_UNAVAILABLE', 'INTERNAL'] as const),
    ),
  },
})

export function claimRoutes(deps: Deps) {
  const app = new OpenAPIHono()

  app.openapi(claimRun, async (c) => {
    const { relay } = deps
    if (!relay) throw new Problem('RELAY_UNAVAILABLE', 'This server relays no claims.')
    const request = requestOf(c.req.valid('param').id, c.req.valid('json'))
    const signal = AbortSignal.timeout(PATIENCE)
    const outcome = await relay.claim(request, signal)
    const won = outcome.status === 'won' && (await readWon(c, deps, request, outcome, signal))
    return won ? c.json(await formatWon(relay, outcome, won), 200) : c.json(await pending(deps, request, outcome), 202)
  })

  return app
}

function requestOf(bountyId: bigint, body: z.output<typeof claimBody>): ClaimRequest {
  const { agentId, walletAddress: wallet, signature, deadline } = body
  if (bountyId > maxUint256) throw runNotFound(bountyId)
  if (agentId > maxUint256) throw agentNotFound(agentId)
  const signed = signature !== undefined && deadline !== undefined ? { signature, deadline } : undefined
  return { bountyId, agentId, wallet, ...(signed && { signed }) }
}

/** @returns undefined if the index does not show the claim until `signal` aborts. */
async function readWon(
  c: Context,
  deps: Deps,
  { bountyId, agentId }: ClaimRequest,
  { round, blockNumber }: Extract<ClaimOutcome, { status: 'won' }>,
  signal: AbortSignal,
) {
  while (!signal.aborted) {
    try {
      const { data } = await readIndex(c, deps, claimedRun(bountyId, agentId, round), blockNumber)
      const { run, agent, claim } = data
      if (run && agent && claim) return { run, agent, claim }
    } catch (error) {
      if (!(error instanceof Problem && error.code === 'INDEX_BEHIND')) throw error
    }
    await sleep(INDEX_PAUSE)
  }
  return undefined
}

async function formatWon(
  relay: Relay,
  { claimId }: ClaimOutcome,
  { run, agent, claim }: NonNullable<Awaited<ReturnType<typeof readWon>>>,
): Promise<z.input<typeof claimSchema>> {
  return {
    success: true,
    run: formatRun(run),
    agent: formatAgentSummary(agent),
    message: 'Run claimed successfully.',
    claimId,
    txHash: claim.transactionHash as Hex,
    blockNumber: Number(claim.blockNumber),
    finalized: await relay.isFinal(claim.blockNumber),
  }
}

async function pending(
  { index }: Deps,
  { bountyId, agentId }: ClaimRequest,
  outcome: ClaimOutcome,
): Promise<z.input<typeof pendingClaimSchema>> {
  const { data } = await index.read(runAndAgent(bountyId, agentId)).catch((error) => {
    if (error instanceof Problem && error.code === 'INDEX_BEHIND') return { data: undefined }
    throw error
  })
  return {
    success: false,
    run: data?.run ? formatRun(data.run) : null,
    agent: data?.agent ? formatAgentSummary(data.agent) : null,
    message: 'The claim is not decided yet. Send it again to learn what became of it.',
    claimId: outcome.claimId,
    txHash: outcome.txHash ?? null,
    status: outcome.status === 'won' ? 'mined' : outcome.status,
  }
}
