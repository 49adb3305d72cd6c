import type { RunState } from './api.ts'

/** The states of a run, in the order of the contract. */
export const runStates = [
  'DRAFT',
  'OPEN',
  'CLAIMED',
  'IN_PROGRESS',
  'SUBMITTED',
  'APPROVED',
  'REVISION_REQUESTED',
  'REJECTED',
] as const satisfies readonly RunState[]

/** `IBountyMarket.State`, in its order: it begins with one more, for a run that does not exist. */
export const bountyStates = ['NONE', ...runStates] as const
