import { z } from '@hono/zod-openapi'
import { formatId } from '../../../core/format.ts'
import { hasMember } from '../../../core/market/runActions.ts'
import { Problem } from '../http/errors.ts'
import { address, hash, id, orNull, runId } from '../http/values.ts'
import { actionNames } from '../relay/kinds/request.ts'
import { publicStateOf, type StoredAction } from '../relay/ledger/storedActions.ts'
import { agentSchema } from './agent.ts'
import { accountRefusals, actionRefusals, claimRefusals, openRefusals, problemSchema } from './problem.ts'
import { runSchema } from './run.ts'

const actionId = hash.openapi({
  description: 'What the signed message hashes to (EIP-712). `GET /api/actions/:actionId` returns the action’s state.',
})

/** The members of an action that is made, after what it made. The order of the members is part of the API. */
const madeMembers = {
  message: z.string(),
  actionId,
  txHash: hash,
  blockNumber: z.int(),
  finalized: z
    .boolean()
    .openapi({ description: 'Whether the block is final. Until then a reorg may undo the action.' }),
}

/** The members of an action that was sent and is not known to be decided, after what it is about. */
const pendingMembers = {
  message: z.string(),
  actionId,
  txHash: hash,
  status: z.enum(['signed', 'accepted', 'mined']).openapi({
    description:
      '`signed`: the node has not confirmed that it has the transaction. `accepted`: it has. ' +
      '`mined`: the chain has made the action, and the index does not show it yet.',
  }),
}

/** The answers to actions, once made and before, by what these show. */
export const actionSchemas = {
  run: [
    z.object({ success: z.literal(true), run: runSchema, ...madeMembers }).openapi('Action'),
    z.object({ success: z.literal(false), run: orNull(runSchema), ...pendingMembers }).openapi('PendingAction'),
  ],
  agent: [
    z.object({ success: z.literal(true), agent: agentSchema, ...madeMembers }).openapi('AgentAction'),
    z
      .object({ success: z.literal(false), agent: orNull(agentSchema), ...pendingMembers })
      .openapi('PendingAgentAction'),
  ],
  payee: [
    z.object({ success: z.literal(true), payee: address, ...madeMembers }).openapi('Collection'),
    z.object({ success: z.literal(false), payee: address, ...pendingMembers }).openapi('PendingCollection'),
  ],
} as const

/** The members that say how far a relayed claim or action is, beside its problem. */
export const stateMembers = {
  state: z.enum(['signed', 'accepted', 'mined', 'final', 'refused']).openapi({
    description:
      '`signed`: the node has not confirmed that it has the transaction. `accepted`: it has. `mined`: the chain has ' +
      'made it. `final`: and no reorg can undo it. `refused`: the chain refused it, for the reason in `problem`. ' +
      'Until the block is final, a reorg may return any of these to `signed`; then it is sent again.',
  }),
  txHash: hash
    .nullable()
    .openapi({ description: 'The latest transaction; null if the chain decided it without one of the relay.' }),
  blockNumber: z.int().nullable(),
  finalized: z.boolean(),
}

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

export function formatActionState(stored: StoredAction): z.input<typeof actionStateSchema> {
  const { state, tx, txHash, blockNumber, problem } = stored
  const { action, party } = stored.request.message
  const { bountyId, round, agentId } = subjectOf(stored)
  return {
    actionId: stored.actionId,
    action,
    bountyId: bountyId === null ? null : Number(bountyId),
    round: round === null ? null : Number(round),
    signer: party,
    state: publicStateOf({ state, tx }),
    txHash: state === 'open' ? tx.hash : txHash,
    blockNumber: blockNumber === null ? null : Number(blockNumber),
    finalized: state !== 'open' && tx.state === 'final',
    problem: problem ? new Problem(problem.code, problem.detail, problem).toJSON() : null,
    agentId: agentId === null ? null : formatId(agentId),
  }
}

/** The run or the agent of an action. One that it makes has its id once it is made. */
function subjectOf({ request: { message }, result }: StoredAction) {
  const { action } = message
  const nothing = { bountyId: null, agentId: null, round: null }
  const { bountyId, agentId, round } = { ...nothing, ...('members' in message ? message.members : message) }
  if (action === 'claim') return { bountyId, agentId, round }
  return {
    bountyId: action === 'post' ? result : bountyId,
    agentId: action === 'register' ? result : agentId,
    round: 'round' in message && hasMember(message.action, 'round') ? round : null,
  }
}
