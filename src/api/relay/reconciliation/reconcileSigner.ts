import type { Address, Hash } from 'viem'
import { answer, isUnavailable, unavailable } from '../chain/client.ts'
import { gasLimit } from '../chain/gas.ts'
import type { ChainHead } from '../chain/heads.ts'
import { checkCall, claimCall } from '../chain/market.ts'
import type { RelayContext } from '../context.ts'
import { signatureRequired } from '../intake/refusal.ts'
import { simulate } from '../simulation/simulate.ts'
import { nameOf, type StoredClaim, strandedClaimsOf } from '../store/claims.ts'
import type { Lease } from '../store/leases.ts'
import { nextNonceOf, unminedOf } from '../store/transactions.ts'
import type { Allocator } from '../submission/allocation.ts'
import { decide } from './decision.ts'
import { createRefuseExpired } from './expiry.ts'
import { fillGaps, resendDue } from './resend.ts'
import { createSettle, decideClaim, dropReorganised, finalise, type Turn, usedNonces } from './settlement.ts'

/** When to look again after something was sent: only the database knows when it is due next. Milliseconds. */
const AFTER_SENDING_MS = 200

/** What a look at a signer left. */
export type Look = {
  head: ChainHead
  hasUnmined: boolean
  /** Whether everything that the head has mined is settled. */
  isSettled: boolean
  /** Milliseconds until a transaction is to be handed to the node again. */
  dueIn: number
}

/**
 * Brings what is stored of a signer in step with the chain: settles what was mined, opens again what a reorg dropped,
 * refuses what can no longer succeed, fills gaps, and hands to the node what it lacks.
 */
export function createReconcile(context: RelayContext, allocator: Allocator) {
  const { pool, market, heads, accounts, nonceCheck, events, logger } = context
  const settle = createSettle(context)
  const refuseExpired = createRefuseExpired()
  /** The head up to which everything of a signer is settled, and how many nonces were used there. */
  const settledAt = new Map<Address, { head: Hash; used: number }>()
  /** How many unmined transactions of removed signers the log has last named. */
  const leftBehind = new Map<Address, number>()

  async function reconcile(lease: Lease): Promise<Look> {
    const { signer } = lease
    // Before what is stored: a transaction that this block has mined is in the database then.
    const head = await heads.latest()
    const account = accounts.find(({ address }) => address === signer)
    const turn = { ...context, lease, head, account }
    const known = settledAt.get(signer)
    const used = known?.head === head.hash ? known.used : await settleAll(turn)
    const unmined = (await unminedOf(pool, signer)).filter(({ nonce }) => nonce >= used)
    await refuseExpired(turn)
    await resendDue(turn, unmined)
    const lowest = unmined[0]?.nonce ?? used
    if (account && lowest > used) await fillGaps(turn, account, used, lowest)
    if (!account) logLeftBehind(signer, unmined.length)
    const dueIn = Math.min(...unmined.map((tx) => tx.dueIn * 1_000 || AFTER_SENDING_MS))
    return { head, hasUnmined: unmined.length > 0, isSettled: settledAt.has(signer), dueIn }
  }

  /** @returns how many nonces are used at the head. */
  async function settleAll(turn: Turn): Promise<number> {
    const { head } = turn
    const { signer } = turn.lease
    settledAt.delete(signer)
    const [used, nextNonce] = await Promise.all([usedNonces(context, signer, head), nextNonceOf(pool, signer)])
    if (!nonceCheck.acceptsMined(signer, nextNonce, used)) {
      throw unavailable(nonceCheck.objectionTo(signer) ?? '')
    }
    const newest = await dropReorganised(turn, used)
    const mined = (await unminedOf(pool, signer)).filter(({ nonce }) => nonce < used)
    const isSettled = await Promise.all(mined.map((tx) => orLater(settle(turn, tx))))
    const stranded = await strandedClaimsOf(pool, signer)
    const isRenewed = await Promise.all(stranded.map((claim) => orLater(renew(turn, claim))))
    if (newest !== undefined) await finalise(turn, newest)
    if ([...isSettled, ...isRenewed].every(Boolean)) settledAt.set(signer, { head: head.hash, used })
    return used
  }

  /** Without the key we can rebroadcast, but neither reprice nor fill nonce gaps. */
  function logLeftBehind(signer: Address, unmined: number) {
    if (leftBehind.get(signer) === unmined) return
    leftBehind.set(signer, unmined)
    logger.warn({ signer, unmined }, 'finishes what a signer left behind whose key is not here')
  }

  /** What cannot be settled now must not delay the signer's other transactions. */
  const orLater = (settling: Promise<boolean>) =>
    settling.catch((error) => {
      logger[isUnavailable(error) ? 'warn' : 'error']({ err: error }, 'cannot settle what was mined')
      return false
    })

  /**
   * Simulates a claim again that its transaction did not decide, and whose bytes can no longer do so: a mined or foreign
   * transaction has their nonce. Until then the claim belongs to its signer, also without its key: the bytes are public
   * and may still be mined, and another signer would make the claim twice.
   * @returns whether it is decided, or has a new transaction.
   */
  async function renew(turn: Turn, claim: StoredClaim): Promise<boolean> {
    const { lease } = turn
    const { request } = claim
    const able = await context.signersFor(request)
    const signer = able.find(({ address }) => address === lease.signer) ?? able[0]
    const call = signer ? claimCall(market, signer.address, request) : checkCall(market, request)
    const simulation = await simulate(market, call, request)
    if (simulation.result === 'undecided') return false
    const { bounty } = simulation
    if (simulation.result === 'fails') {
      const block = await answer(market.client.getBlockNumber({ cacheTime: 0 }))
      await decideClaim(turn, claim, await decide(market, request, simulation.failure, bounty, block))
      return true
    }
    if (!signer) {
      // The only signers that could do without the wallet's signature are gone.
      const { timestamp } = await heads.latest()
      await decideClaim(turn, claim, { refused: signatureRequired(market, request, bounty, timestamp) })
      return true
    }
    const renewed = await allocator.renew(signer, lease, claim, gasLimit(simulation.gas))
    if (!renewed) return true
    if (typeof renewed === 'string') return false
    const { nonce, attempt } = renewed
    events.emit('claimReserved', { ...nameOf(claim), signer: signer.address, nonce, txHash: attempt.hash })
    logger.warn({ claimId: claim.claimId, txHash: attempt.hash }, 'makes the claim anew')
    return true
  }

  return reconcile
}
