import { z } from '@hono/zod-openapi'
import { address, id } from '../http/values.ts'

const decimal = z.string().regex(/^(0|[1-9][0-9]*)$/)
const members = z.array(z.object({ name: z.string(), type: z.string() }).readonly()).readonly()

/** EIP-712 typed data of a claim: the argument of `eth_signTypedData_v4` and of viem's `signTypedData`. */
const claimTypedDataSchema = z.object({
  domain: z.object({
    name: z.literal('BountyMarket'),
    version: z.literal('1'),
    chainId: z.int(),
    verifyingContract: address,
  }),
  types: z.object({ EIP712Domain: members, Claim: members }),
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
    deadline: decimal.openapi({ description: 'Last second at which the signature is valid; at most an hour ahead.' }),
  }),
})

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
