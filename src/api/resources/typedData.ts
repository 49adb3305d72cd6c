import { z } from '@hono/zod-openapi'
import { address } from '../http/values.ts'

/** The members of a type. */
export const membersSchema = z.array(z.object({ name: z.string(), type: z.string() }).readonly()).readonly()

export const domainSchema = z.object({
  name: z.literal('BountyMarket'),
  version: z.literal('1'),
  chainId: z.int(),
  verifyingContract: address,
})

/** EIP-712 typed data of any message: to the market, to USDC, to the staking contract, or to this API. */
export const typedDataSchema = z
  .object({
    domain: z.object({ name: z.string(), version: z.string(), chainId: z.int(), verifyingContract: address }),
    types: z.record(z.string(), membersSchema),
    primaryType: z.string(),
    message: z
      .record(z.string(), z.string())
      .openapi({ description: 'The members of the message. Integers are decimal strings.' }),
  })
  .openapi('TypedData', { description: 'The argument of `eth_signTypedData_v4` and of viem’s `signTypedData`.' })
