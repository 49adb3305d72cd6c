import { createBatcher } from '../../../../core/batcher.ts'
import { leastReservedGas } from '../kinds/claims/gas.ts'
import type { ClaimRequest } from '../kinds/claims/message.ts'
import type { Examined } from '../kinds/kind.ts'
import { readSharing } from '../ledger/spending.ts'
import type { PipelineContext } from '../pipeline/context.ts'
import { Refusal } from '../refusal.ts'

/** How long after a refusal further claims are checked before they are simulated. */
const CHECKED_MS = 10_000

type Asked = { request: ClaimRequest; examined: Examined }

/**
 * Checks, once a share of the budget had no room for a claim, the next claims before they are simulated: then what is
 * refused for it asks no node. In other times a claim is checked when it is stored. Concurrent calls share a statement.
 */
export function createBudgetCheck({ pool, kinds, spendingLimits, fees, feesPaid }: PipelineContext) {
  let refusedAt = Number.NEGATIVE_INFINITY

  const check = createBatcher(async (claims: readonly Asked[]) => {
    const agentIds = new Set(claims.map(({ request }) => request.message.agentId))
    const [{ maxFeePerGas: price }, paid] = await Promise.all([fees(), feesPaid([...agentIds])])
    const names = claims.map(({ request: { message }, examined }) => {
      return kinds.of(message).subjectsOf(message, { ...examined, fees: paid.get(message.agentId) ?? 0n })
    })
    const sharing = await readSharing(pool, spendingLimits, 'claims', names)
    return claims.map((claim, place) => {
      const own = names[place]
      return (
        own &&
        sharing.find(own, leastReservedGas(claim.examined) * price, kinds.of(claim.request.message).mostGas * price)
      )
    })
  })

  return {
    /** @throws Refusal RATE_LIMITED, or RELAY_UNAVAILABLE if no share of the budget has room for the least that it costs. */
    async assertCovered(claim: Asked): Promise<void> {
      if (performance.now() - refusedAt < CHECKED_MS) await check(claim)
    },

    /** Notes why a claim was not made. */
    note(error: unknown) {
      if (error instanceof Refusal) refusedAt = performance.now()
    },
  }
}
