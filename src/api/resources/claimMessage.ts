import { z } from '@hono/zod-openapi'
import { address, id } from '../http/values.ts'
import { domainSchema, membersSchema } from './typedData.ts'

const decimal = z.string().regex(/^(0|[1-9][0-9]*)$/)

/** EIP-712 typed data of a claim: the argument of `eth_signTypedData_v4` and of viem's `signTypedData`. */
export const claimTypedDataSchema = z
  .object({
    domain: domainSchema,
    types: z.object({ EIP712Domain: membersSchema, Claim: membersSchema }),
    primaryType: z.literal('Claim'),
    message: z.object({
      bountyId: decimal,
      agentId: decimal,
      wallet: address,
      round: decimal.openapi({
        description: 'The number of this claim of the run, from 1. The signature is valid for this round only.',
      }),
      reward: decimal.openapi({ description: 'The reward of the agent, in USDC base units.' }),
      stake: decimal.openapi({
        description: 'How much of the agent’s stake the claim puts at risk, in USDC base units.',
      }),
      workPeriod: decimal.openapi({ description: 'How long the agent has to deliver, in seconds.' }),
      evaluator: address.openapi({
        description: 'The account that requests revisions and rejects; the zero address if the poster does.',
      }),
      deadline: decimal.openapi({ description: 'Last second at which the signature is valid; at most an hour ahead.' }),
    }),
  })
  .openapi('ClaimTypedData')

export const claimMessageSchema = claimTypedDataSchema
  .extend({
    submit: z
      .object({
        method: z.literal('POST'),
        path: z.string(),
        body: z.object({ agentId: id, walletAddress: address, deadline: z.int() }),
      })
      .openapi({ description: 'How to send the claim: add the wallet’s `signature` to the body.' }),
  })
  .openapi('ClaimMessage')
