import type { Address } from 'viem'
import { tryCall } from '../chain/market.ts'
import { reopenRows, storeDecisions } from '../ledger/decisions.ts'
import { hasStranded } from '../ledger/rows.ts'
import type { ActionKind } from '../sender/action.ts'
import type { Placer } from '../sender/placement.ts'
import { claimsCall, MAX_GAS } from './chain/gas.ts'
import { claimCall } from './chain/market.ts'
import type { ClaimsContext } from './context.ts'
import { createDecideClaim, emitDecided } from './outcome/decideClaim.ts'
import { conclude } from './outcome/decision.ts'
import { createRefuseExpired } from './outcome/expiry.ts'
import { createRenewal } from './outcome/renewal.ts'
import { CLAIM, claimsOf, nameOf, type StoredClaim } from './store/claims.ts'
import { type DecidedClaim, rowDecisionOf } from './store/decisions.ts'

/** Claims, as the sender's kind of action. */
export function createClaimAction(context: ClaimsContext, placer: Placer): ActionKind<StoredClaim, DecidedClaim> {
  const { pool, market, events } = context
  const decideClaim = createDecideClaim(context)

  async function winnableClaims(tx: bigint, from: Address): Promise<StoredClaim[]> {
    const open = (await claimsOf(pool, tx)).filter(({ state }) => state === 'open')
    const trials = await Promise.all(
      open.map(({ request }) => tryCall(market, claimCall(market, from, request), 'latest')),
    )
    return open.filter((_, position) => 'passed' in (trials[position] ?? {}))
  }

  return {
    names: [CLAIM],
    hasStranded: hasStranded([CLAIM]),
    store: (decided) => storeDecisions(decided.map(rowDecisionOf)),
    reopen: reopenRows,
    giveUpExpired: createRefuseExpired(context, decideClaim),
    sendAnew: createRenewal(context, placer, decideClaim),

    async actionsOf(txs) {
      return Map.groupBy(await claimsOf(pool, ...txs), ({ tx }) => tx.id)
    },

    conclude: (claims, receipt, isFiller) => conclude(market, claims, receipt, isFiller),

    onDecided(decisions, changed) {
      for (const [claim, decision] of decisions) {
        if (changed.has(claim.claimId)) emitDecided(events, claim, decision)
      }
    },

    async onReopened(tx) {
      for (const claim of await claimsOf(pool, tx)) {
        if (claim.state === 'open') events.emit('claimReopened', nameOf(claim))
      }
    },

    async onFinal(txs) {
      for (const { txHash, state, problem, ...claim } of await claimsOf(pool, ...txs)) {
        if (state === 'open') continue
        const outcome = problem?.code ?? 'won'
        events.emit('claimFinal', { ...nameOf(claim), ...(txHash && { txHash }), outcome })
      }
    },

    /** The market refuses a claim whose signature has expired. */
    isOverdue: async () => false,

    async callWorthSending(tx, from, gas: bigint) {
      const claims = await winnableClaims(tx, from)
      if (claims.length === 0) return undefined
      // The limit of a batch is more than one claim needs.
      const ofOne = gas < MAX_GAS ? gas : MAX_GAS
      const priced = claims.map(({ request }) => ({ request, gas: ofOne }))
      return claimsCall(market, from, priced)
    },
  }
}
