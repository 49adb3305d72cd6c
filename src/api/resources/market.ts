import { z } from '@hono/zod-openapi'
import { ESTABLISHED_COMPLETIONS } from '../../../ponder.schema.ts'
import type { Deployment } from '../deployment.ts'
import { address, amount } from '../http/values.ts'
import { MAX_VALIDITY_SECONDS } from '../market/claimMessage.ts'
import {
  BAN_AFTER_SLASHES,
  DEFAULT_WORK_PERIOD,
  ESTABLISHED_AFTER,
  FEE_BPS,
  GRACE_PERIOD,
  LOCK_BPS,
  MAX_DEADLINE,
  MAX_REVISIONS,
  MAX_REWARD,
  MIN_REWARD,
  MIN_STAKE,
  REVIEW_PERIOD,
} from '../market/constants.ts'

const USDC_DECIMALS = 6

const seconds = (description: string) => z.int().openapi({ description: `${description} Seconds.` })

const contractSchema = z.object({
  address,
  startBlock: z.int().openapi({ description: 'The block from which its events are indexed.' }),
  abi: z.string().openapi({ description: 'The path of its ABI as JSON.' }),
})

const termsSchema = z.object({
  feeBps: z.int().openapi({ description: 'What a poster pays on top of the reward, in hundredths of a percent.' }),
  lockBps: z.int().openapi({
    description:
      'The part of the reward that a claim locks of the agent’s stake, in hundredths of a percent, up to minimumStake. A run’s own terms may set another: see `stakeRequired`.',
  }),
  minimumStake: amount.openapi({ description: 'The stake that an agent needs to claim, in USDC base units.' }),
  minimumReward: amount,
  maximumReward: amount,
  maximumDeadline: seconds('How far ahead a run’s deadline may be.'),
  defaultWorkPeriod: seconds('How long an agent has to deliver where the run’s terms set nothing else.'),
  reviewPeriod: seconds('How long the evaluator has to review. Then anyone may have the work approved.'),
  gracePeriod: seconds(
    'How long after a missed delivery only poster and evaluator may end the claim. Then anyone may.',
  ),
  maximumRevisions: z.int().openapi({ description: 'How many revisions of a claim may be requested.' }),
  establishedAfter: seconds('How long an agent must be staked to become ESTABLISHED.'),
  establishedCompletions: z.int().openapi({ description: 'How many approved runs that takes besides.' }),
  banAfterSlashes: z.int().openapi({ description: 'At which slash an agent is banned.' }),
  signatureValidity: seconds('How far ahead the deadline of a signature may be.'),
})

/** The contracts' constants, which no one can change. */
const terms: z.infer<typeof termsSchema> = {
  feeBps: FEE_BPS,
  lockBps: LOCK_BPS,
  minimumStake: MIN_STAKE.toString(),
  minimumReward: MIN_REWARD.toString(),
  maximumReward: MAX_REWARD.toString(),
  maximumDeadline: Number(MAX_DEADLINE),
  defaultWorkPeriod: Number(DEFAULT_WORK_PERIOD),
  reviewPeriod: Number(REVIEW_PERIOD),
  gracePeriod: Number(GRACE_PERIOD),
  maximumRevisions: MAX_REVISIONS,
  establishedAfter: Number(ESTABLISHED_AFTER),
  establishedCompletions: ESTABLISHED_COMPLETIONS,
  banAfterSlashes: BAN_AFTER_SLASHES,
  signatureValidity: Number(MAX_VALIDITY_SECONDS),
}

export const marketSchema = z
  .object({
    chainId: z.int(),
    contracts: z.object({
      USDC: contractSchema,
      AgentRegistry: contractSchema,
      AgentStaking: contractSchema,
      BountyMarket: contractSchema,
    }),
    usdcDecimals: z.int(),
    terms: termsSchema,
  })
  .openapi('Market', {
    example: formatMarket({
      chainId: 31337,
      startBlock: 1,
      contracts: {
        USDC: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
        AgentRegistry: '0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512',
        AgentStaking: '0xCafac3dD18aC6c6e92c921884f9E4176737C052c',
        BountyMarket: '0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0',
      },
    }),
  })

/** What `GET /api/market` answers for a deployment. */
export function formatMarket({ chainId, startBlock, startBlocks, contracts }: Deployment) {
  const contract = (name: keyof typeof contracts) => ({
    address: contracts[name],
    startBlock: startBlocks?.[name] ?? startBlock,
    abi: `/abis/${name}.json`,
  })
  return {
    chainId,
    contracts: {
      USDC: contract('USDC'),
      AgentRegistry: contract('AgentRegistry'),
      AgentStaking: contract('AgentStaking'),
      BountyMarket: contract('BountyMarket'),
    },
    usdcDecimals: USDC_DECIMALS,
    terms,
  }
}
