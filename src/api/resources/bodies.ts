import { z } from '@hono/zod-openapi'
import { type Address, type Hex, zeroAddress } from 'viem'
import { type AccountActionName, type AccountMembers, accountActions } from '../../../core/market/accountActions.ts'
import { MAX_RELAYED_URI_BYTES, MAX_WORK_PERIOD } from '../../../core/market/accountRules.ts'
import { bodyMembers, type RunActionName } from '../../../core/market/runActions.ts'
import { addressParameter, asId, digestParameter, untrusted } from '../http/values.ts'
import { pascalCase } from './messages.ts'

const digits = (length: number) => new RegExp(`^(0|[1-9][0-9]{0,${length - 1}})$`)

/** A JSON number if that is exact, or a decimal string. @param length the most digits of the string. */
const integer = (message: string, length: number) =>
  z
    .union([z.int(message).nonnegative(message), z.string().regex(digits(length))], message)
    .transform(BigInt)
    .openapi({ type: ['integer', 'string'] })

const positive = (message: string, length: number) => integer(message, length).refine((value) => value > 0n, message)

/** A text of so many bytes. PostgreSQL stores no NUL, and no signature covers a half of a surrogate pair. */
export function textOf(most: number, least = 1) {
  const isText = (text: string) => {
    const { length } = Buffer.from(text)
    return length >= least && length <= most && text.isWellFormed() && !text.includes('\0')
  }
  const range = least === 0 ? 'at most' : `${least} to`
  return z.string('must be given once').refine(isText, `must be ${range} ${most} bytes of UTF-8, without NUL`)
}

/** A text that its signer has stored in an event. */
export const textParameter = textOf(128)

/** The URI of an agent in a registration. It may be empty. */
export const uriParameter = textOf(MAX_RELAYED_URI_BYTES, 0)

export const saltParameter = digestParameter.openapi({
  description: 'Any value: the same terms with another salt are another action. Random if absent.',
})

/** An account in a body. */
export const account = z.string('must be 0x and 40 hexadecimal digits').pipe(addressParameter)

const NO_SIGNATURE = 'must be 0x and the hexadecimal digits of at least one byte'

export const signatureInBody = z
  .string(NO_SIGNATURE)
  .regex(/^0x([0-9a-fA-F]{2})+$/, NO_SIGNATURE)
  .transform((value) => value.toLowerCase() as Hex)
  .openapi({ type: 'string', description: 'The account’s signature of the message.' })

const NO_TIME = 'must be a time in seconds since 1970'
const DEADLINE = { description: 'The last second at which the signature is valid.' }

export const deadlineInBody = integer(NO_TIME, 16).openapi(DEADLINE)

export const agentIdInBody = asId(
  integer('must be an integer from 0, as a decimal string where it exceeds 2^53 - 1', 78),
)

const timeInBody = positive(NO_TIME, 15)
const amountInBody = positive('must be an amount of at least 1, in USDC base units', 16)
const workPeriod = integer('must be a number of seconds of at most 30 days', 7).refine(
  (seconds) => seconds <= MAX_WORK_PERIOD,
  'must be at most 30 days, in seconds',
)
const stakePercent = integer('must be a percentage', 3).refine((percent) => percent <= 100n, 'must be at most 100')

type Members = Record<string, z.ZodType>

/** The members of bodies. Where a member has another meaning in an action, see `own`. */
const members: Members = {
  wallet: account.openapi({ description: 'The wallet that claimed the run.' }),
  signer: account.openapi({ description: 'The account that signs: see the action.' }),
  poster: account.openapi({ description: 'The poster of the run.' }),
  round: integer('must be the number of the claim, from 1', 10).openapi({ description: 'The run’s current claim.' }),
  revision: integer('must be the number of a revision, from 0', 10).openapi({ description: 'As in the message.' }),
  deliverableHash: textParameter.openapi(untrusted('Where the delivered work is.')),
  feedbackHash: textParameter.openapi(untrusted('Where the feedback is.')),
  naming: integer('must be the number of a naming, from 0', 10).openapi({ description: 'As in the message.' }),
  claimant: account.openapi({ description: 'The only wallet that may claim; zero for any, the poster for none yet.' }),
  deadline: deadlineInBody,
  ipfsHash: textParameter.openapi(untrusted('Where the brief is.')),
  reward: amountInBody,
  workPeriod: workPeriod.default(0n).openapi({ description: 'Seconds, in whole hours; 0 for the default.' }),
  stakePercent: stakePercent.default(0n).openapi({ description: 'Of the reward; 0 for the default.' }),
  evaluator: account.default(zeroAddress).openapi({ description: 'The zero address if the poster evaluates.' }),
  salt: saltParameter,
  validBefore: timeInBody.openapi({
    description: 'The authorization is valid before this second, at most ten minutes ahead.',
  }),
  owner: account.openapi({ description: 'The owner of the agent.' }),
  agentURI: uriParameter.openapi(untrusted('The URI of the registration file. May be empty.')),
  from: account.openapi({ description: 'The account that pays the stake.' }),
  amount: amountInBody,
  nonce: integer('must be the number of the withdrawal, from 0', 15).openapi({ description: 'As in the message.' }),
}

/** Members that differ from those of other actions. */
const own: { [Name in AccountActionName]?: Members } = {
  post: {
    poster: account.openapi({ description: 'The account that pays, and reviews unless an evaluator does.' }),
    deadline: timeInBody.openapi({ description: 'The last second at which the run can be claimed.' }),
    claimant: account.default(zeroAddress).openapi({
      description: 'The only wallet that may claim; the zero address for any, the poster for none yet.',
    }),
  },
  register: { deadline: timeInBody.openapi(DEADLINE) },
  unstake: {
    signer: account.openapi({ description: 'The agent’s wallet or owner. The owner is paid.' }),
    deadline: timeInBody.openapi(DEADLINE),
  },
}

/** The members of the message of an action about a run, beside the run. */
export type RunBody = {
  wallet?: Address
  signer?: Address
  poster?: Address
  round?: bigint
  revision?: bigint
  deliverableHash?: string
  feedbackHash?: string
  naming?: bigint
  claimant?: Address
  deadline: bigint
}

type Body<Name> = Name extends AccountActionName ? Omit<AccountMembers<Name>, 'agentId'> : RunBody

/** The members of the message that a body has: the run or the agent that it is about is in the path. */
export const namesOf = (name: RunActionName | AccountActionName): string[] => {
  if (!(name in accountActions)) return Object.keys(bodyMembers(name as RunActionName))
  return Object.keys(accountActions[name as AccountActionName]).filter((member) => member !== 'agentId')
}

/** The schema of the body of the action: the members of its message, and the signature. */
export function bodyOf<Name extends RunActionName | AccountActionName>(name: Name) {
  const all: Members = { ...members, ...own[name as AccountActionName] }
  const shape = Object.fromEntries(namesOf(name).map((member) => [member, all[member] as z.ZodType]))
  const schema = z.strictObject({ ...shape, signature: signatureInBody }).openapi(`${pascalCase(name)}Request`)
  return schema as unknown as z.ZodType<Body<Name> & { signature: Hex }>
}
