import { readBounty } from '../chain/market.ts'
import type { ClaimRequest } from './chain/market.ts'
import type { ClaimsContext } from './context.ts'
import { keyConflict } from './intake/refusal.ts'
import type { Followed } from './nextStep.ts'
import { bodyHashOf } from './store/claims.ts'
import { bindUnrelayedKey, unbindKey } from './store/keys.ts'
import type { Stored } from './store/lookUp.ts'

/** Binds idempotency keys to claims, and finds the claim of a key. */
export function createIdempotency({ pool, market }: ClaimsContext) {
  return {
    /** The claim to which the request's key is bound; 'other body' if that is of another request. */
    async boundTo(request: ClaimRequest, key: string | undefined, { binding }: Stored) {
      if (!binding || key === undefined) return undefined
      const { claimId, round, blockNumber } = binding
      if (binding.bodyHash !== bodyHashOf(request)) return 'other body'
      const bound: Followed = { claim: { claimId, round } }
      if (binding.isRelayed) return bound
      // The wallet made the claim without the relay. It is valid unless a reorg removed it.
      const bounty = await readBounty(market, request.bountyId)
      if (BigInt(bounty.round) >= round && blockNumber !== null) return { ...bound, wonAt: blockNumber }
      await unbindKey(pool, request, key)
      return undefined
    },

    /**
     * Binds the key to the claim, if the wallet made it without the relay and it has no key.
     * @throws Refusal IDEMPOTENCY_CONFLICT if the key is bound to a request with another body.
     */
    async bindUnrelayed(request: ClaimRequest, key: string | undefined, { claim, wonAt }: Followed) {
      if (key === undefined) return
      const bodyHash = await bindUnrelayedKey(pool, { key, request, ...claim, blockNumber: wonAt })
      if (bodyHash !== undefined && bodyHash !== bodyHashOf(request)) throw keyConflict(key)
    },
  }
}
