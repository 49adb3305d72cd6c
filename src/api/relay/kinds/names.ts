import { accountActionNames } from '../../../../core/market/accountActions.ts'
import { openRunCallNames } from '../../../../core/market/openCalls.ts'
import { runActionNames } from '../../../../core/market/runActions.ts'

/** The name of claims. */
export const CLAIM = 'claim'

/** The names of all actions that this build relays. */
export const actionNames = [CLAIM, ...runActionNames, ...accountActionNames, ...openRunCallNames, 'collect'] as const
