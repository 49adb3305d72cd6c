import { z } from '@hono/zod-openapi'
import { type Hex, zeroAddress } from 'viem'
import { type AccountActionName, type AccountMembers, accountActions } from '../../../core/market/accountActions.ts'
import { MAX_RELAYED_URI_BYTES, MAX_WORK_PERIOD } from '../../../core/market/accountRules.ts'
import { addressParameter, orNull, untrusted } from '../http/values.ts'
import { isText, madeMembers, pendingMembers, textParameter } from './action.ts'
import { agentSchema } from './agent.ts'
import { integer, NO_ADDRESS, signatureInBody } from './claim.ts'
import { pascalCase } from './problem.ts'

/** A text of at most so many bytes, which PostgreSQL and a signature can have. */
export const uriParameter = z
  .string('must be given once')
  .refine(
    (text) => text === '' || isText(text, MAX_RELAYED_URI_BYTES),
    `must be at most ${MAX_RELAYED_URI_BYTES} bytes of UTF-8, without NUL`,
  )

const NO_SALT = 'must be 0x and 64 hexadecimal digits'

export const saltParameter = z
  .string(NO_SALT)
  .regex(/^0x[0-9a-fA-F]{64}$/, NO_SALT)
  .transform((value) => value.toLowerCase() as Hex)
  .openapi({
    type: 'string',
    pattern: '^0x[0-9a-fA-F]{64}$',
    description: 'Any value: the same terms with another salt are another action. Random if absent.',
  })

const account = z.string(NO_ADDRESS).pipe(addressParameter)
const positive = (message: string, digits: number) =>
  integer(message, digits)
    .refine((value) => value > 0n, message)
    .openapi({ type: ['integer', 'string'] })
const count = (message: string, digits: number) => integer(message, digits).openapi({ type: ['integer', 'string'] })
const workPeriod = count('must be a number of seconds of at most 30 days', 7).refine(
  (seconds) => seconds <= MAX_WORK_PERIOD,
  'must be at most 30 days, in seconds',
)
const stakePercent = count('must be a percentage', 3).refine((percent) => percent <= 100n, 'must be at most 100')
const amountInBody = positive('must be an amount of at least 1, in USDC base units', 16)
const timeInBody = positive('must be a time in seconds since 1970', 15)

/** The members of bodies. Where a member has another meaning in an action, see `own`. */
const members: Record<string, z.ZodType> = {
  poster: account.openapi({ description: 'The account that pays, and reviews unless an evaluator does.' }),
  ipfsHash: textParameter.openapi(untrusted('Where the brief is.')),
  reward: amountInBody,
  deadline: timeInBody.openapi({ description: 'The last second at which the signature is valid.' }),
  workPeriod: workPeriod.default(0n).openapi({ description: 'Seconds, in whole hours; 0 for the default.' }),
  stakePercent: stakePercent.default(0n).openapi({ description: 'Of the reward; 0 for the default.' }),
  evaluator: account.default(zeroAddress).openapi({ description: 'The zero address if the poster evaluates.' }),
  claimant: account.default(zeroAddress).openapi({
    description: 'The only wallet that may claim; the zero address for any, the poster for none yet.',
  }),
  salt: saltParameter,
  validBefore: timeInBody.openapi({
    description: 'The authorization is valid before this second, at most ten minutes ahead.',
  }),
  owner: account.openapi({ description: 'The owner of the agent.' }),
  agentURI: uriParameter.openapi(untrusted('The URI of the registration file. May be empty.')),
  from: account.openapi({ description: 'The account that pays the stake.' }),
  amount: amountInBody,
  signer: account.openapi({ description: 'The agent’s wallet or owner. The owner is paid.' }),
  nonce: count('must be the number of the withdrawal, from 0', 15).openapi({ description: 'As in the message.' }),
}

/** Members that differ from those of other actions. */
const own: { [Name in AccountActionName]?: typeof members } = {
  post: {
    deadline: timeInBody.openapi({ description: 'The last second at which the run can be claimed.' }),
  },
}

/** The members of the body of an action. The agent of a stake is in the path. */
type Body<Name extends AccountActionName> = Omit<AccountMembers<Name>, 'agentId'> & { signature: Hex }

/** The schema of the body of the action: the members of its message, and the signature. */
export function accountBody<Name extends AccountActionName>(name: Name) {
  const names = Object.keys(accountActions[name]).filter((member) => member !== 'agentId')
  const shape = Object.fromEntries(names.map((member) => [member, { ...members, ...own[name] }[member] as z.ZodType]))
  const schema = z.strictObject({ ...shape, signature: signatureInBody }).openapi(`${pascalCase(name)}Request`)
  return schema as unknown as z.ZodType<Body<Name>>
}

export const agentActionSchema = z
  .object({ success: z.literal(true), agent: agentSchema, ...madeMembers })
  .openapi('AgentAction')

export const pendingAgentActionSchema = z
  .object({ success: z.literal(false), agent: orNull(agentSchema), ...pendingMembers })
  .openapi('PendingAgentAction')
