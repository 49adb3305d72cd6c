import type { OpenCall } from '../../../../../core/market/openCalls.ts'
import { refusalOfReward } from '../../refusal.ts'
import type { SharedContext } from '../../sharedContext.ts'
import type { Examination } from '../kind.ts'
import { refusalOf } from '../refusal.ts'
import type { KnownCalls } from './known.ts'

/** Checks a call that anyone may ask for by what is known of it: the simulation does the rest. */
export const createOpenExamination = (
  { leastReward }: Pick<SharedContext, 'heads' | 'leastReward'>,
  { known }: KnownCalls,
): Examination<OpenCall> => ({
  async examine({ message: call }, _, { since }) {
    const found = await known(call, since)
    if (call.action !== 'collect') {
      if (!found) throw refusalOf({ errorName: 'BountyNotFound', args: [call.bountyId] })
      const small = refusalOfReward('action', call.bountyId, found.reward ?? 0n, leastReward)
      if (small) throw small
    }
    if (found?.refusal) throw found.refusal
    // There is no signature that a contract would check.
    return { agentId: undefined, runsWalletCode: false }
  },

  isSigned: async () => true,
})
