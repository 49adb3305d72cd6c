/** The states of a run in the order of the contract, which begins with one for a run that does not exist. */
export const runStates = [
  'DRAFT',
  'OPEN',
  'CLAIMED',
  'IN_PROGRESS',
  'SUBMITTED',
  'APPROVED',
  'REVISION_REQUESTED',
  'REJECTED',
] as const
