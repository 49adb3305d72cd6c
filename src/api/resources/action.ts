import { z } from '@hono/zod-openapi'
import type { Address, Hex } from 'viem'
import { formatId } from '../../../core/format.ts'
import { bodyMembers, hasMember, type RunActionName } from '../../../core/market/runActions.ts'
import { address, addressParameter, hash, id, orNull, runId, untrusted } from '../http/values.ts'
import { actionNames } from '../relay/kinds/request.ts'
import type { StoredAction } from '../relay/ledger/storedActions.ts'
import { deadlineInBody, integer, NO_ADDRESS, signatureInBody } from './claim.ts'
import { accountRefusals, actionRefusals, claimRefusals, openRefusals, pascalCase, problemSchema } from './problem.ts'
import { runSchema } from './run.ts'
import { formatState, stateMembers } from './storedState.ts'

/** What a request's body says of an action: the members of its message beside the run, and the signature. */
export type ActionBody = {
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
  signature: Hex
}

const MAX_TEXT_BYTES = 128

/** PostgreSQL stores no NUL, and no signature covers a half of a surrogate pair. */
export const isText = (text: string, most = MAX_TEXT_BYTES) => {
  const { length } = Buffer.from(text)
  return length > 0 && length <= most && text.isWellFormed() && !text.includes('\0')
}

/** A text that its signer has stored in an event. */
export const textParameter = z
  .string('must be given once')
  .refine((text) => isText(text), `must be 1 to ${MAX_TEXT_BYTES} bytes of UTF-8, without NUL`)

/** An account in a body. */
export const account = z.string(NO_ADDRESS).pipe(addressParameter)
const count = (message: string) => integer(message, 10).openapi({ type: ['integer', 'string'] })

/** The members of bodies. */
const members: Record<string, z.ZodType> = {
  wallet: account.openapi({ description: 'The wallet that claimed the run.' }),
  signer: account.openapi({ description: 'The account that signs: see the action.' }),
  poster: account.openapi({ description: 'The poster of the run.' }),
  round: count('must be the number of the claim, from 1').openapi({ description: 'The run’s current claim.' }),
  revision: count('must be the number of a revision, from 0').openapi({ description: 'As in the message.' }),
  deliverableHash: textParameter.openapi(untrusted('Where the delivered work is.')),
  feedbackHash: textParameter.openapi(untrusted('Where the feedback is.')),
  naming: count('must be the number of a naming, from 0').openapi({ description: 'As in the message.' }),
  claimant: account.openapi({ description: 'The only wallet that may claim; zero for any, the poster for none yet.' }),
  deadline: deadlineInBody,
}

/** The schema of the body of the action. It has the members of the message beside the run's id, and the signature. */
export function actionBody(name: RunActionName) {
  const shape = Object.fromEntries(Object.keys(bodyMembers(name)).map((member) => [member, members[member]]))
  const schema = z.strictObject({ ...shape, signature: signatureInBody }).openapi(`${pascalCase(name)}Request`)
  return schema as unknown as z.ZodType<ActionBody>
}

const actionId = hash.openapi({
  description: 'What the signed message hashes to (EIP-712). `GET /api/actions/:actionId` returns the action’s state.',
})

/** The members of an action that is made, after what it made. The order of the members is part of the API. */
export const madeMembers = {
  message: z.string(),
  actionId,
  txHash: hash,
  blockNumber: z.int(),
  finalized: z
    .boolean()
    .openapi({ description: 'Whether the block is final. Until then a reorg may undo the action.' }),
}

/** The members of an action that was sent and is not known to be decided, after what it is about. */
export const pendingMembers = {
  message: z.string(),
  actionId,
  txHash: hash,
  status: z.enum(['signed', 'accepted', 'mined']).openapi({
    description:
      '`signed`: the node has not confirmed that it has the transaction. `accepted`: it has. ' +
      '`mined`: the chain has made the action, and the index does not show it yet.',
  }),
}

export const actionSchema = z.object({ success: z.literal(true), run: runSchema, ...madeMembers }).openapi('Action')

export const pendingActionSchema = z
  .object({ success: z.literal(false), run: orNull(runSchema), ...pendingMembers })
  .openapi('PendingAction')

const stateProblems = [...new Set([...claimRefusals, ...actionRefusals, ...accountRefusals, ...openRefusals])]

/** The state of an action for which a transaction was signed. */
export const actionStateSchema = z
  .object({
    actionId: hash,
    action: z.enum(actionNames),
    bountyId: runId.nullable().openapi({
      description: 'The run; null of an action about none, and of a post that is not made.',
    }),
    round: z
      .int()
      .nullable()
      .openapi({ description: 'The claim that it is about; null of an action that names none.' }),
    signer: address.openapi({
      description: 'Whose signature it is; the zero address of a call that anyone may ask for.',
    }),
    ...stateMembers,
    problem: orNull(problemSchema(stateProblems)),
    agentId: orNull(id).openapi({
      description:
        'The agent of a claim, register, stake or unstake; null of other actions, and of a register that is not made.',
    }),
  })
  .openapi('ActionState')

type ActionState = z.input<typeof actionStateSchema>

export function formatActionState(stored: StoredAction): ActionState {
  const { action, party } = stored.request.message
  const { agentId, ...about } = subjectOf(stored)
  return { actionId: stored.actionId, action, ...about, signer: party, ...formatState(stored), agentId }
}

/** The run or the agent of an action. */
function subjectOf({ request: { message }, result }: StoredAction) {
  if (message.action === 'claim') {
    const { bountyId, round, agentId } = message
    return { bountyId: Number(bountyId), round: Number(round), agentId: formatId(agentId) }
  }
  if (message.action === 'post')
    return { bountyId: result === null ? null : Number(result), round: null, agentId: null }
  if (message.action === 'register') {
    return { bountyId: null, round: null, agentId: result === null ? null : formatId(result) }
  }
  if ('members' in message) return { bountyId: null, round: null, agentId: formatId(message.members.agentId) }
  if ('payee' in message) return { bountyId: null, round: null, agentId: null }
  const isRounded = 'round' in message && hasMember(message.action, 'round')
  return { bountyId: Number(message.bountyId), round: isRounded ? Number(message.round) : null, agentId: null }
}
