import { z } from '@hono/zod-openapi'
import { MIN_STAKE } from '../../../core/market/constants.ts'
import { claimErrorCodes, explainClaimError, type Holder } from '../../../core/market/contractErrors.ts'
import type { claimErrors } from '../../../core/market/eligibility.ts'
import { amount, runId } from '../http/values.ts'
import type { AgentRow } from '../queries/agents.ts'
import type { RunTerms } from '../queries/runs.ts'
import { refusalOfReward } from '../relay/refusal.ts'
import { agentSummarySchema, exampleAgentSummary, formatAgentSummary } from './agent.ts'
import { stateSchema } from './run.ts'

/** The order of the members is part of the API. */
export const eligibilitySchema = z
  .object({
    eligible: z.boolean(),
    reasons: z.array(z.string()).openapi({
      description: 'Every reason to refuse a claim: that of the reward, then those of the contract in its order.',
    }),
    agent: z.object({
      ...agentSummarySchema.shape,
      hasMinStake: z.boolean(),
      unlockedAmount: amount.openapi({ description: 'The part of the stake that is not locked in live runs.' }),
    }),
    run: z.object({
      id: runId,
      state: stateSchema,
      reward: amount,
      stake: amount.openapi({ description: 'How much of the agent’s stake a claim locks, in USDC base units.' }),
    }),
    reasonCodes: z.array(z.enum(['REWARD_TOO_LOW', ...claimErrorCodes])).openapi({
      description:
        'The reasons’ codes. A claim is refused with the first of them. REWARD_TOO_LOW is a refusal of this API only.',
    }),
  })
  .openapi('ClaimEligibility', {
    example: {
      eligible: true,
      reasons: [],
      agent: { ...exampleAgentSummary, hasMinStake: true, unlockedAmount: '20000000' },
      run: { id: 1, state: 'OPEN', reward: '100000000', stake: '10000000' },
      reasonCodes: [],
    },
  })

/**
 * @param errors the contract errors with which the claim would be refused.
 * @param leastReward the smallest reward of a run whose claims are relayed, in USDC base units.
 */
export function formatEligibility(
  run: RunTerms,
  agent: AgentRow,
  errors: ReturnType<typeof claimErrors>,
  leastReward: bigint,
): z.infer<typeof eligibilitySchema> {
  const reasons = reasonsOf(run, errors, leastReward)
  return {
    eligible: reasons.length === 0,
    reasons: reasons.map(({ sentence }) => sentence),
    agent: {
      ...formatAgentSummary(agent),
      hasMinStake: agent.stakedAmount >= MIN_STAKE,
      unlockedAmount: (agent.stakedAmount - agent.lockedAmount).toString(),
    },
    run: {
      id: Number(run.bountyId),
      state: run.state,
      reward: run.reward.toString(),
      stake: run.stakeRequired.toString(),
    },
    reasonCodes: reasons.map(({ code }) => code),
  }
}

/** Why the claim would be refused: see `formatEligibility`. */
export function reasonsOf(run: RunTerms, errors: ReturnType<typeof claimErrors>, leastReward: bigint) {
  const tooLow = refusalOfReward('claim', run.bountyId, run.reward, leastReward)
  return [
    ...(tooLow ? [{ code: 'REWARD_TOO_LOW' as const, sentence: tooLow.detail, extensions: tooLow.extensions }] : []),
    ...errors.map((error) => explainClaimError(error, holderOf(run))),
  ]
}

function holderOf({ claimedBy, claimedByWallet }: RunTerms): Holder | undefined {
  if (claimedBy === null || claimedByWallet === null) return undefined
  return { agentId: claimedBy, wallet: claimedByWallet }
}
