import { stateName } from '../../../../../core/market/contractErrors.ts'
import type { OpenCall } from '../../../../../core/market/openCalls.ts'
import type { Market } from '../../chain/market.ts'
import { checkView, createChainViews } from '../../chain/views.ts'
import { refusalOfReward } from '../../refusal.ts'
import type { ActionExamination } from '../actionFlow.ts'
import type { ActionsContext } from '../context.ts'
import type { Examined } from '../form.ts'
import { refusalOf } from '../refusal.ts'

/** There is no signature that a contract would check. */
const PASSED: Examined = { agentId: undefined, runsWalletCode: false }

/** Checks the run of a call that anyone may ask for: the simulation does the rest. */
export function createOpenExamination(
  { heads, leastReward }: ActionsContext,
  market: Market,
): ActionExamination<OpenCall> {
  const viewOf = createChainViews(market, heads)

  return {
    async examine({ request: { message: call } }, _, since) {
      if (call.action === 'collect') return PASSED
      const { bountyId } = call
      const view = await viewOf(bountyId, since, false)
      return checkView(viewOf, bountyId, since, view, async ({ bounty }) => {
        if (stateName(bounty.state) === undefined) return refusalOf({ errorName: 'BountyNotFound', args: [bountyId] })
        return refusalOfReward('action', bountyId, bounty.reward, leastReward) ?? PASSED
      })
    },

    isSigned: async () => true,
  }
}
