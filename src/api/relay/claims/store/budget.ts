import { createBatcher } from '../../../../../core/batcher.ts'
import { readSharing } from '../../ledger/spending.ts'
import { Refusal } from '../../refusal.ts'
import { leastReservedGas, MOST_RESERVED_GAS } from '../chain/gas.ts'
import type { ClaimRequest } from '../chain/market.ts'
import type { ClaimsContext } from '../context.ts'
import { type Candidate, namesOf } from '../placing.ts'

/** How long after a refusal further claims are checked before they are simulated. */
const CHECKED_MS = 10_000

type Asked = Pick<Candidate, 'poster' | 'runsWalletCode'> & { request: ClaimRequest }

/**
 * Checks, once a share of the budget had no room for a claim, the next claims before they are simulated: then what is
 * refused for it asks no node. In other times a claim is checked when it is stored. Concurrent calls share a statement.
 */
export function createBudgetCheck({ pool, spendingLimits, fees, feesPaid }: ClaimsContext) {
  let refusedAt = Number.NEGATIVE_INFINITY

  const check = createBatcher(async (claims: readonly Asked[]) => {
    const agentIds = new Set(claims.map(({ request }) => request.agentId))
    const [{ maxFeePerGas: price }, paid] = await Promise.all([fees(), feesPaid([...agentIds])])
    const names = claims.map(({ request, poster }) => {
      return namesOf({ ...request, poster, fees: paid.get(request.agentId) ?? 0n })
    })
    const sharing = await readSharing(pool, spendingLimits, 'claims', names)
    return claims.map((claim, place) => {
      const own = names[place]
      return own && sharing.find(own, leastReservedGas(claim) * price, MOST_RESERVED_GAS * price)
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
