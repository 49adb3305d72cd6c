import { z } from '@hono/zod-openapi'
import { Problem } from '../http/errors.ts'
import { hash } from '../http/values.ts'
import { publicStateOf, type StoredAction } from '../relay/ledger/storedActions.ts'

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

export function formatState({ state, tx, txHash, blockNumber, problem }: StoredAction) {
  return {
    state: publicStateOf({ state, tx }),
    txHash: state === 'open' ? tx.hash : txHash,
    blockNumber: blockNumber === null ? null : Number(blockNumber),
    finalized: state !== 'open' && tx.state === 'final',
    problem: problem ? new Problem(problem.code, problem.detail, problem).toJSON() : null,
  }
}
