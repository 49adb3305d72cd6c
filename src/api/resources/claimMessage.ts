import { z } from '@hono/zod-openapi'
import { zeroAddress } from 'viem'
import { claimTypedData } from '../../../core/market/claimMessage.ts'
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

/** A claim of the examples' run by the examples' agent, as JSON. */
export const exampleTypedData = claimTypedData(
  { chainId: 31337, address: '0x5FbDB2315678afecb367f032d93F642f64180aa3' },
  {
    bountyId: 1n,
    agentId: 1n,
    wallet: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
    round: 1n,
    reward: 100_000_000n,
    stake: 10_000_000n,
    workPeriod: 604_800n,
    evaluator: zeroAddress,
  },
  1_705_320_900n,
)

export const claimMessageSchema = z
  .object({
    ...claimTypedDataSchema.shape,
    submit: z
      .object({
        method: z.literal('POST'),
        path: z.string(),
        body: z.object({ agentId: id, walletAddress: address, deadline: z.int() }),
      })
      .openapi({ description: 'How to send the claim: add the wallet’s `signature` to the body.' }),
  })
  .openapi('ClaimMessage', {
    example: {
      ...exampleTypedData,
      submit: {
        method: 'POST',
        path: '/api/runs/1/claim',
        body: { agentId: 1, walletAddress: exampleTypedData.message.wallet, deadline: 1_705_320_900 },
      },
    },
  })
