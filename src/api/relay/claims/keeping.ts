import type { Address } from 'viem'
import { answer } from '../chain/client.ts'
import { readBounty, tryCall } from '../chain/market.ts'
import { REORG_MARGIN_SECONDS } from '../chain/validity.ts'
import type { Decision } from '../ledger/decisions.ts'
import { createKept } from '../ledger/keeping.ts'
import type { ActionKind } from '../sender/action.ts'
import { signingRestOf } from '../sender/keys/signing.ts'
import type { Placer } from '../sender/placement.ts'
import { claimsCall, gasLimit, MAX_GAS } from './chain/gas.ts'
import { checkCall, claimCall } from './chain/market.ts'
import type { ClaimsContext } from './context.ts'
import { conclude, decide, isBlameless } from './decisions.ts'
import { signatureRequired } from './intake/refusal.ts'
import { simulate } from './simulation/simulate.ts'
import { CLAIM, claimRows, nameOf, type StoredClaim, unminedClaimsOf } from './store/claims.ts'

/** An unmined claim that is older than this is checked on chain, because its run may have ended before its signature. */
const STUCK_SECONDS = 60

/** The interval between checks of a signer's claims. A check calls the node once per claim. */
const INTERVAL_MS = 5_000

/** The most claims of one check. */
const MAX_EXPIRING = 50

/** Claims, for the keeper. */
export function createClaimKeeping(
  context: ClaimsContext,
  placer: Placer,
): ActionKind<StoredClaim, [StoredClaim, Decision]> {
  const { pool, market, heads, events } = context
  /** By signer, when its claims were last checked. */
  const lookedAt = new Map<Address, number>()

  async function winnableClaims(tx: bigint, from: Address): Promise<StoredClaim[]> {
    const open = (await claimRows.ofTxs(pool, tx)).filter(({ state }) => state === 'open')
    const trials = await Promise.all(
      open.map(({ request }) => tryCall(market, claimCall(market, from, request), 'latest')),
    )
    return open.filter((_, position) => 'passed' in (trials[position] ?? {}))
  }

  return createKept<StoredClaim>(context, placer, {
    names: [CLAIM],
    idOf: ({ claimId }) => claimId,
    rows: claimRows,
    isBlameless,

    async expiringOf({ lease: { signer }, head }, used) {
      const now = performance.now()
      if (now - (lookedAt.get(signer) ?? Number.NEGATIVE_INFINITY) < INTERVAL_MS) return []
      lookedAt.set(signer, now)
      const latest = head.timestamp - REORG_MARGIN_SECONDS
      return unminedClaimsOf(pool, signer, { used, latest, stuckSeconds: STUCK_SECONDS, limit: MAX_EXPIRING })
    },

    conclude: (claims, receipt, isFiller) => conclude(market, claims, receipt, isFiller),

    async expire({ lease, head }, claim) {
      const { request } = claim
      const [trial, bounty] = await Promise.all([
        tryCall(market, claimCall(market, lease.signer, request), head.number),
        readBounty(market, request.bountyId, head.number),
      ])
      if (!('failure' in trial)) return undefined
      const { error } = trial.failure
      // An earlier deadline has passed, even after a reorg.
      const latest = head.timestamp - REORG_MARGIN_SECONDS
      const isSignatureDead = request.signed !== undefined && request.signed.deadline < latest
      const isRunOver = error?.errorName === 'BountyDeadlinePassed' && error.args[1] < latest
      return isSignatureDead || isRunOver ? decide(claim, trial.failure, bounty, head.number) : undefined
    },

    async renew({ lease }, claim) {
      const { request } = claim
      const able = await context.signersFor(request)
      // A key that does not sign must not delay a claim that another one can make.
      const signing = able.filter((account) => signingRestOf(account) === 0)
      const chosen = signing.length > 0 ? signing : able
      const signer = chosen.find(({ address }) => address === lease.signer) ?? chosen[0]
      const call = signer ? claimCall(market, signer.address, request) : checkCall(market, request)
      const simulation = await simulate(market, call, request)
      if (simulation.result === 'undecided') return undefined
      const { bounty } = simulation
      if (simulation.result === 'fails') {
        const block = await answer(market.client.getBlockNumber({ cacheTime: 0 }))
        return { decision: decide(claim, simulation.failure, bounty, block) }
      }
      if (!signer) {
        // No signer that could make an unsigned claim is left.
        const { timestamp } = await heads.latest()
        return { decision: { state: 'refused', problem: signatureRequired(market, request, bounty, timestamp) } }
      }
      // In a transaction of its own, in which no other claim can prevent its decision.
      const own = claimsCall(market, signer.address, [{ request, gas: gasLimit(simulation.gas) }])
      return { signer, kind: CLAIM, call: own }
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

    onPlaced: (claim, attempt) => void events.emit('claimPlaced', { ...nameOf(claim), ...attempt }),

    onDecided(claim, decision) {
      const { txHash } = decision
      const outcome = decision.state === 'done' ? 'won' : decision.problem.code
      events.emit('claimDecided', { ...nameOf(claim), ...(txHash && { txHash }), outcome })
    },

    onReopened: (claim) => void events.emit('claimReopened', nameOf(claim)),

    onFinal({ txHash, problem, ...claim }) {
      const outcome = problem?.code ?? 'won'
      events.emit('claimFinal', { ...nameOf(claim), ...(txHash && { txHash }), outcome })
    },
  })
}
