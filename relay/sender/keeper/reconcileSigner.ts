import type { Address, Hash } from 'viem'
import { answer } from '../../chain/client.ts'
import type { ChainHead } from '../../chain/heads.ts'
import { gasLimit } from '../../claims/chain/gas.ts'
import { checkCall, claimCall } from '../../claims/chain/market.ts'
import { signatureRequired } from '../../claims/intake/refusal.ts'
import { decide } from '../../claims/outcome/decision.ts'
import { createRefuseExpired } from '../../claims/outcome/expiry.ts'
import { simulate } from '../../claims/simulation/simulate.ts'
import { claimsOf, nameOf, type StoredClaim, strandedClaimsOf } from '../../claims/store/claims.ts'
import type { RelayContext } from '../../context.ts'
import { isUnavailable } from '../../refusal.ts'
import type { Allocator } from '../allocation.ts'
import { signingRestOf } from '../keys/signing.ts'
import type { Lease } from '../store/leases.ts'
import { nextNonceOf, unminedOf } from '../store/transactions.ts'
import { fillGaps, resendDue } from './resend.ts'
import { createSettle, decideClaim, dropReorganised, finalise, type Turn } from './settlement.ts'

/**
 * The delay of the next check after a broadcast, which reads from the database when the next one is due. Milliseconds.
 */
const AFTER_SENDING_MS = 200

/** What remains after a reconciliation. */
export type Look = {
  head: ChainHead
  /** Whether all transactions that are mined at the head are settled. */
  isSettled: boolean
  /** Milliseconds until a transaction is due to be broadcast again; infinity if none is unmined. */
  dueIn: number
}

/**
 * Reconciles the stored transactions of a signer with the chain: settles mined transactions, reopens those that a reorg
 * removed, refuses claims that can no longer succeed, fills nonce gaps, and broadcasts again.
 */
export function createReconcile(context: RelayContext, allocator: Allocator) {
  const { pool, market, heads, accounts, nonceCheck, events, logger } = context
  const settle = createSettle(context)
  const refuseExpired = createRefuseExpired()
  /** For each signer, the head at which everything is settled, and the number of its used nonces there. */
  const settledAt = new Map<Address, { head: Hash; used: number }>()
  /** For each signer without a key, the number of its unmined transactions in the last log line. */
  const leftBehind = new Map<Address, number>()

  async function reconcile(lease: Lease): Promise<Look> {
    const { signer } = lease
    // The head is read first, so that every transaction that it has mined is in the database.
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
    return { head, isSettled: settledAt.has(signer), dueIn }
  }

  /** @returns the number of used nonces at the head. */
  async function settleAll(turn: Turn): Promise<number> {
    const { head } = turn
    const { signer } = turn.lease
    settledAt.delete(signer)
    // At this block, not at the latest one of whichever node answers.
    const count = { address: signer, blockNumber: head.number }
    const [used, nextNonce] = await Promise.all([
      answer(market.client.getTransactionCount(count)),
      nextNonceOf(pool, signer),
    ])
    nonceCheck.assertMined(signer, nextNonce, used)
    const newest = await dropReorganised(turn, used)
    const mined = (await unminedOf(pool, signer)).filter(({ nonce }) => nonce < used)
    const claims = mined.length > 0 ? await claimsOf(pool, ...mined.map(({ id }) => id)) : []
    const byTx = Map.groupBy(claims, ({ tx }) => tx.id)
    const isSettled = await Promise.all(mined.map((tx) => orLater(settle(turn, tx, byTx.get(tx.id) ?? []))))
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

  /** A transaction that cannot be settled now must not delay the signer's others. */
  const orLater = (settling: Promise<boolean>) =>
    settling.catch((error) => {
      logger[isUnavailable(error) ? 'warn' : 'error']({ err: error }, 'cannot settle what was mined')
      return false
    })

  /**
   * Simulates a claim again whose transaction can no longer decide it, because another transaction has used its nonce.
   * Before that, the claim stays with its signer, even without its key: the signed transaction is public and may be
   * mined, so another signer could make the claim twice.
   * @returns whether the claim is decided or has a new transaction.
   */
  async function renew(turn: Turn, claim: StoredClaim): Promise<boolean> {
    const { lease } = turn
    const { request } = claim
    const able = await context.signersFor(request)
    // A key that does not sign must not delay a claim that another one can make.
    const signing = able.filter((account) => signingRestOf(account) === 0)
    const chosen = signing.length > 0 ? signing : able
    const signer = chosen.find(({ address }) => address === lease.signer) ?? chosen[0]
    const call = signer ? claimCall(market, signer.address, request) : checkCall(market, request)
    const simulation = await simulate(market, call, request)
    if (simulation.result === 'undecided') return false
    const { bounty } = simulation
    if (simulation.result === 'fails') {
      const block = await answer(market.client.getBlockNumber({ cacheTime: 0 }))
      await decideClaim(turn, claim, decide(claim, simulation.failure, bounty, block))
      return true
    }
    if (!signer) {
      // No signer that could make an unsigned claim is left.
      const { timestamp } = await heads.latest()
      const problem = signatureRequired(market, request, bounty, timestamp)
      await decideClaim(turn, claim, { state: 'refused', problem })
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
