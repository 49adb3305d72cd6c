import { accountActionNames } from '../../../../core/market/accountActions.ts'
import { openRunCallNames } from '../../../../core/market/openCalls.ts'
import { runActionNames } from '../../../../core/market/runActions.ts'

/** The names of all actions beside claims that this build relays. */
export const actionNames = [...runActionNames, ...accountActionNames, ...openRunCallNames, 'collect'] as const
