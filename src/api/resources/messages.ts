import { z } from '@hono/zod-openapi'
import { address, id } from '../http/values.ts'

/** The name of a component: `RUN_NOT_OPEN` becomes `RunNotOpen`, and `name-claimant` `NameClaimant`. */
export const pascalCase = (code: string) =>
  code.toLowerCase().replaceAll(/(?:^|[_-])([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** The members of a type. */
const membersSchema = z.array(z.object({ name: z.string(), type: z.string() }).readonly()).readonly()

/** EIP-712 typed data of any message: to the market, to USDC, to the staking contract, or to this API. */
const typedDataSchema = z
  .object({
    domain: z.object({ name: z.string(), version: z.string(), chainId: z.int(), verifyingContract: address }),
    types: z.record(z.string(), membersSchema),
    primaryType: z.string(),
    message: z
      .record(z.string(), z.string())
      .openapi({ description: 'The members of the message. Integers are decimal strings.' }),
  })
  .openapi('TypedData', { description: 'The argument of `eth_signTypedData_v4` and of viem’s `signTypedData`.' })

const decimal = z.string().regex(/^(0|[1-9][0-9]*)$/)

/** EIP-712 typed data of a claim: the argument of `eth_signTypedData_v4` and of viem's `signTypedData`. */
export const claimTypedDataSchema = z
  .object({
    domain: z.object({
      name: z.literal('BountyMarket'),
      version: z.literal('1'),
      chainId: z.int(),
      verifyingContract: address,
    }),
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

const callSchema = z.object({
  to: address,
  data: z.templateLiteral(['0x', z.hex()]).openapi({ type: 'string' }),
  value: z.literal('0x0'),
})

const ownCall = z.union([callSchema, z.null()]).openapi('Call', {
  description:
    'With which the account does it without a signature, such as a multisig. Compare `to` with addresses that you trust. ' +
    'Null for applications.',
})

const ownCalls = z.array(callSchema).openapi('Calls', {
  description: 'What the account sends, in order (EIP-5792): an approval of USDC if `call` takes any, and `call`.',
})

/** The members of a body and what they are in JSON. `Id` is a component. */
export type BodyMembers = Record<string, 'integer' | 'string' | 'Id'>

const schemaOf = (type: BodyMembers[string]) => (type === 'Id' ? { $ref: '#/components/schemas/Id' } : { type })

/** What to sign for an action, and the body to send to `path` once the `signature` is added to it. */
export const messageSchema = <Name extends string>(name: Name, members: BodyMembers) =>
  z
    .object({
      action: z.literal(name),
      path: z.string(),
      body: z
        .custom<Record<string, string | number>>((value) => typeof value === 'object')
        .openapi({
          type: 'object',
          properties: Object.fromEntries(Object.entries(members).map(([member, type]) => [member, schemaOf(type)])),
          required: Object.keys(members),
        }),
      typedData: typedDataSchema,
      call: ownCall,
      calls: ownCalls,
    })
    .openapi(`${pascalCase(name)}ToSign`)
