import { z } from '@hono/zod-openapi'
import type { Address } from 'viem'
import type { Deployment } from '../../../core/deployment.ts'
import { MAX_VALIDITY_SECONDS } from '../../../core/market/claimMessage.ts'
import { ESTABLISHED_AFTER, GRACE_PERIOD, MIN_STAKE } from '../../../core/market/constants.ts'
import { ESTABLISHED_COMPLETIONS } from '../../../ponder.schema.ts'
import { address, amount } from '../http/values.ts'

const USDC_DECIMALS = 6
const DAY_SECONDS = 24 * 60 * 60

const seconds = (description: string) => z.int().openapi({ description: `${description} Seconds.` })

const contractSchema = z
  .object({
    address,
    startBlock: z.int().openapi({ description: 'The block from which its events are indexed.' }),
    abi: z.string().openapi({ description: 'The path of its ABI as JSON.' }),
  })
  .openapi('MarketContract')

const termsSchema = z.object({
  feeBps: z.int().openapi({ description: 'What a poster pays on top of the reward, in hundredths of a percent.' }),
  lockBps: z.int().openapi({
    description:
      'The part of the reward that a claim locks of the agent’s stake, in hundredths of a percent, up to minimumStake, but at least the fee. A run’s own terms may set another: see `stakeRequired`.',
  }),
  minimumStake: amount.openapi({ description: 'The stake that an agent needs to claim, in USDC base units.' }),
  minimumReward: amount,
  maximumReward: amount.openapi({ description: 'Set at the deployment of the market, in USDC base units.' }),
  maximumDeadline: seconds('How far ahead a run’s deadline may be.'),
  defaultWorkPeriod: seconds('How long an agent has to deliver where the run’s terms set nothing else.'),
  reviewPeriod: seconds('How long the evaluator has to review. Then anyone may have the work approved.'),
  gracePeriod: seconds(
    'How long after a missed delivery only poster and evaluator may end the claim. Then anyone may.',
  ),
  maximumRevisions: z.int().openapi({ description: 'How many revisions of a claim may be requested.' }),
  establishedAfter: seconds('How long an agent must be staked to become ESTABLISHED.'),
  establishedCompletions: z.int().openapi({ description: 'How many approved runs that takes besides.' }),
  banAfterSlashes: z.int().openapi({ description: 'At how many slashes an agent is banned.' }),
  signatureValidity: seconds('How far ahead the deadline of a signature may be.'),
})

/** The constants of BountyMarket and AgentStaking, and what the deployment set. No one can change them. */
const termsOf = (maximumReward: string): z.infer<typeof termsSchema> => ({
  feeBps: 500,
  lockBps: 1_000,
  minimumStake: MIN_STAKE.toString(),
  minimumReward: '10000',
  maximumReward,
  maximumDeadline: 365 * DAY_SECONDS,
  defaultWorkPeriod: 7 * DAY_SECONDS,
  reviewPeriod: 7 * DAY_SECONDS,
  gracePeriod: GRACE_PERIOD,
  maximumRevisions: 3,
  establishedAfter: ESTABLISHED_AFTER,
  establishedCompletions: ESTABLISHED_COMPLETIONS,
  banAfterSlashes: 3,
  signatureValidity: Number(MAX_VALIDITY_SECONDS),
})

export const marketSchema = z
  .object({
    chainId: z.int(),
    contracts: z.object({
      USDC: contractSchema,
      AgentRegistry: contractSchema,
      AgentStaking: contractSchema,
      BountyMarket: contractSchema,
      SignedFunding: contractSchema,
      AgentRegistrar: contractSchema.optional().openapi({
        description: 'Registers agents for other accounts, where the registry registers its caller only.',
      }),
    }),
    usdcDecimals: z.int(),
    caip2: z.string().openapi({ description: 'The chain by CAIP-2.', example: 'eip155:8453' }),
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
        SignedFunding: '0xCf7Ed3AccA5a467e9e704C703E8D87F634fB0Fc9',
      },
      maxReward: '1000000000000000',
    }),
  })

/** What `GET /api/market` answers for a deployment. */
export function formatMarket({ chainId, startBlock, startBlocks, contracts, maxReward }: Deployment) {
  const contract = (name: keyof typeof contracts, address: Address) => ({
    address,
    startBlock: startBlocks?.[name] ?? startBlock,
    abi: `/abis/${name}.json`,
  })
  return {
    chainId,
    contracts: {
      USDC: contract('USDC', contracts.USDC),
      AgentRegistry: contract('AgentRegistry', contracts.AgentRegistry),
      AgentStaking: contract('AgentStaking', contracts.AgentStaking),
      BountyMarket: contract('BountyMarket', contracts.BountyMarket),
      SignedFunding: contract('SignedFunding', contracts.SignedFunding),
      ...(contracts.AgentRegistrar && { AgentRegistrar: contract('AgentRegistrar', contracts.AgentRegistrar) }),
    },
    usdcDecimals: USDC_DECIMALS,
    caip2: `eip155:${chainId}`,
    terms: termsOf(maxReward),
  }
}
