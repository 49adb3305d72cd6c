import type { ChainHead } from '../chain/heads.ts'
import { claimCall, readBounty, tryCall } from '../chain/market.ts'
import type { RelayContext } from '../context.ts'
import { type StoredClaim, unminedClaimsOf } from '../store/claims.ts'
import type { Lease } from '../store/leases.ts'
import { decide } from './decision.ts'
import { decideClaim } from './settlement.ts'

/**
 * How long after its last second, by the newest block's time, a claim is given up. Seconds.
 *
 * A claim is made only in a block whose timestamp is not after its signature's and its run's deadline, and timestamps
 * grow along a chain. So once the newest block is later than a deadline, only a reorg can still put the transaction into
 * a block that is early enough, and the reorg must reach back behind the deadline. This margin is ten slots of Ethereum
 * or sixty blocks of a rollup with blocks of two seconds, more than any reorg that these chains had since they run on
 * proof of stake. Were there one, the contract would still let one claim of the round win, and the transaction's receipt
 * corrects what is stored (`recordMined`).
 */
const REORG_MARGIN_SECONDS = 120n

/** From this age on an unmined claim is asked about whose run may have ended before its signature. Seconds. */
const STUCK_SECONDS = 60

/** How often a signer's claims are looked at: each look asks the node about each of them. Milliseconds. */
const INTERVAL_MS = 5_000

/** How many claims a look asks about at most. */
const MAX_CLAIMS = 50

/**
 * Refuses the unmined claims that can no longer succeed, so that other claims of their runs go on. Their bytes may still
 * be mined, and revert: with the signer's key the nonce is filled instead.
 */
export function createRefuseExpired(context: RelayContext) {
  const lookedAt = new Map<string, number>()

  return async function refuseExpired(lease: Lease, head: ChainHead) {
    const now = performance.now()
    if (now - (lookedAt.get(lease.signer) ?? Number.NEGATIVE_INFINITY) < INTERVAL_MS) return
    lookedAt.set(lease.signer, now)
    const latest = head.timestamp - REORG_MARGIN_SECONDS
    const claims = await unminedClaimsOf(context.pool, lease.signer, latest, STUCK_SECONDS, MAX_CLAIMS)
    await Promise.all(claims.map((claim) => refuseIfExpired(context, lease, claim, head, latest)))
  }
}

async function refuseIfExpired(
  context: RelayContext,
  lease: Lease,
  claim: StoredClaim,
  head: ChainHead,
  latest: bigint,
) {
  const { market, logger } = context
  const { request } = claim
  const [trial, bounty] = await Promise.all([
    tryCall(market, claimCall(market, lease.signer, request), head.number),
    readBounty(market, request.bountyId, head.number),
  ])
  if (!('failure' in trial)) return
  const { error } = trial.failure
  const isSignatureDead = request.signed !== undefined && request.signed.deadline < latest
  const isRunOver = error?.errorName === 'BountyDeadlinePassed' && error.args[1] < latest
  if (!isSignatureDead && !isRunOver) return
  const decision = await decide(market, request, trial.failure, bounty, head.number)
  logger.warn({ claimId: claim.claimId, txHash: claim.tx.hash }, 'an unmined claim can no longer succeed')
  await decideClaim(context, lease, claim, decision)
}
