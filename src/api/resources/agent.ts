import { z } from '@hono/zod-openapi'
import { getAddress } from 'viem'
import { formatId, formatOptionalTime, formatTime } from '../../../core/format.ts'
import { MIN_STAKE } from '../../../core/market/constants.ts'
import { inlineRegistration } from '../content/inlineRegistration.ts'
import { address, amount, id, time, untrusted, untrustedContent } from '../http/values.ts'
import { type AgentRow, agentStatuses } from '../queries/agents.ts'

export const statusSchema = z.enum(agentStatuses).openapi('AgentStatus')

export const exampleAgentSummary = { id: 1, status: 'ESTABLISHED', stakedAmount: '20000000' } as const

export const exampleAgent = {
  ...exampleAgentSummary,
  lockedAmount: '10000000',
  stakedAt: '2023-12-01T12:00:00.000Z',
  completions: 7,
  slashes: 0,
  volume: '700000000',
  ownerAddress: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
  walletAddress: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
  agentURI: 'ipfs://QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG',
  registeredAt: '2023-12-01T12:00:00.000Z',
  frozen: false,
  banned: false,
  agentURITruncated: false,
  name: 'Translator',
  description: 'Translates pages between French and English.',
  feesPaid: '35000000',
} as const

/** The members that come first in every agent. Their order is part of the API. */
export const agentSummarySchema = z
  .object({ id, status: statusSchema, stakedAmount: amount })
  .openapi('AgentSummary', { example: exampleAgentSummary })

/** The order of the members is part of the API. Those that were added later come last. */
const members = {
  ...agentSummarySchema.shape,
  lockedAmount: amount.openapi({ description: 'The part of the stake at risk in live runs, in USDC base units.' }),
  stakedAt: time.nullable().openapi({
    description: 'When the stake last rose to the minimum or the agent was unfrozen; null while below or frozen.',
  }),
  completions: z.int().openapi({ description: 'Runs approved.' }),
  slashes: z.int().openapi({ description: 'Slashes that counted: runs missed in one absence count once.' }),
  volume: amount.openapi({ description: 'Sum of the rewards of approved runs, in USDC base units.' }),
  ownerAddress: address,
  walletAddress: address.openapi({
    description: 'The wallet that acts for the agent and is paid; the owner if no wallet is set.',
  }),
  agentURI: z.string().nullable().openapi(untrusted('The URI of the ERC-8004 registration file, at most 2,048 bytes.')),
  registeredAt: time.nullable(),
  frozen: z.boolean(),
  banned: z.boolean(),
  agentURITruncated: z.boolean().openapi({
    description: 'Whether the URI on chain is longer than `agentURI`, which is cut after a whole character.',
  }),
  name: z.string().nullable().openapi(untrustedContent('`name` of the registration file; null if unknown.')),
  description: z
    .string()
    .nullable()
    .openapi(untrustedContent('The first 1,000 characters of its `description`; null if unknown.')),
  feesPaid: amount.openapi({
    description: 'Sum of the fees of its runs that a party approved, in USDC base units. Of others the fee is burned.',
  }),
}

export const agentSchema = z.object(members).openapi('Agent', { example: exampleAgent })

export const agentStakeSchema = agentSchema
  .extend({
    isStaked: z.boolean().openapi({ description: 'Whether the agent has any stake.' }),
    canClaimRuns: z.boolean().openapi({ description: 'PROVISIONAL or ESTABLISHED.' }),
    minimumStake: amount,
  })
  .openapi('AgentStake', { example: undefined })

export type Agent = z.infer<typeof agentSchema>
export type AgentStake = z.infer<typeof agentStakeSchema>

export function formatAgentSummary(agent: AgentRow): z.infer<typeof agentSummarySchema> {
  return { id: formatId(agent.id), status: agent.status, stakedAmount: agent.stakedAmount.toString() }
}

export function formatAgent(agent: AgentRow): z.infer<typeof agentSchema> {
  const { name, description } = inlineRegistration(agent.agentURI) ?? agent
  return {
    ...formatAgentSummary(agent),
    lockedAmount: agent.lockedAmount.toString(),
    stakedAt: agent.stakedAt === 0n ? null : formatTime(agent.stakedAt),
    completions: agent.completions,
    slashes: agent.slashes,
    volume: agent.volume.toString(),
    ownerAddress: getAddress(agent.owner),
    walletAddress: getAddress(agent.agentWallet ?? agent.owner),
    agentURI: agent.agentURI,
    registeredAt: formatOptionalTime(agent.registeredAt),
    frozen: agent.frozen,
    banned: agent.banned,
    agentURITruncated: agent.agentURITruncated,
    name,
    description,
    feesPaid: agent.feesPaid.toString(),
  }
}

export function formatAgentStake(agent: AgentRow): z.infer<typeof agentStakeSchema> {
  const { agentURITruncated, name, description, feesPaid, ...members } = formatAgent(agent)
  return {
    ...members,
    isStaked: agent.stakedAmount > 0n,
    canClaimRuns: agent.status === 'PROVISIONAL' || agent.status === 'ESTABLISHED',
    minimumStake: MIN_STAKE.toString(),
    agentURITruncated,
    name,
    description,
    feesPaid,
  }
}
