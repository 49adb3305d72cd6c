import { LRUCache } from 'lru-cache'
import { leastReservedGas } from '../kinds/claims/gas.ts'
import type { Examined } from '../kinds/kind.ts'
import { type ActionRequest, isClaim, nounOf } from '../kinds/request.ts'
import { readSharing } from '../ledger/spending.ts'
import { Refusal } from '../refusal.ts'
import type { PipelineContext } from './context.ts'

/** How long a refusal for the budget counts, in milliseconds. */
const CHECKED_MS = 10_000

/** Of how many slots a refusal counts. */
const MAX_SLOTS = 10_000

export type BudgetCheck = ReturnType<typeof createBudgetCheck>

type Asked = { request: ActionRequest; examined: Examined }

/**
 * Checks actions before they are simulated for which a share of the budget may have no room: then what is refused for it asks no
 * node. In other times an action is checked when it is stored.
 */
export function createBudgetCheck({ pool, kinds, spendingLimits, fees, feesPaid }: PipelineContext) {
  let refusedAt = Number.NEGATIVE_INFINITY
  /** By slot, the gas of what no share had room for. */
  const unpaid = new LRUCache<string, bigint>({ ttl: CHECKED_MS, max: MAX_SLOTS })

  /** The least gas that the action may be stored with, if it is checked; of what costs its account nothing, the most. */
  function checkedGas({ request, examined }: Asked): bigint | undefined {
    if (isClaim(request)) return performance.now() - refusedAt < CHECKED_MS ? leastReservedGas(examined) : undefined
    const { message } = request
    const { placesOf, slotOf, mostGasOf } = kinds.of(message)
    return placesOf(message.action) === 'work' ? unpaid.get(slotOf(message)) : mostGasOf(message)
  }

  return {
    /** @returns a problem RATE_LIMITED or RELAY_UNAVAILABLE for each action for which no share has room. */
    async refusals<Action extends Asked>(actions: readonly Action[]): Promise<Map<Action, Refusal>> {
      const checked = actions.filter((action) => checkedGas(action) !== undefined)
      if (checked.length === 0) return new Map()
      const agentIds = new Set(checked.flatMap(({ examined: { agentId } }) => agentId ?? []))
      const [{ maxFeePerGas: price }, paid] = await Promise.all([fees(), feesPaid([...agentIds])])
      const subjects = checked.map(({ request: { message }, examined }) => {
        const ownFees = (examined.agentId !== undefined && paid.get(examined.agentId)) || 0n
        return kinds.of(message).subjectsOf(message, { ...examined, fees: ownFees })
      })
      const sharing = await readSharing(pool, spendingLimits, subjects)
      return new Map(
        checked.flatMap((action, place) => {
          const { message } = action.request
          const gas = checkedGas(action)
          const own = subjects[place]
          if (!own || gas === undefined) return []
          const { mostGas } = kinds.of(message)
          const share = sharing.find(own, gas * price, mostGas * price, `${nounOf(message)}s`)
          if (!(share instanceof Refusal)) return []
          if (isClaim(action.request)) refusedAt = performance.now()
          return [[action, share]]
        }),
      )
    },

    /** Notes that no share had room for the action when it was to be stored with so much gas. */
    note({ request }: Asked, gas: bigint) {
      if (isClaim(request)) refusedAt = performance.now()
      else unpaid.set(kinds.of(request.message).slotOf(request.message), gas)
    },
  }
}
