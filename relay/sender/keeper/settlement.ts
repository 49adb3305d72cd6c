import { formatTransactionReceipt, type Hash, type PublicClient, type TransactionReceipt } from 'viem'
import { createBatcher } from '../../../core/batcher.ts'
import { answer } from '../../chain/client.ts'
import { feeOf } from '../../chain/fees.ts'
import { type ChainHead, hashOfBlock } from '../../chain/heads.ts'
import { conclude } from '../../claims/outcome/decision.ts'
import { claimsOf, nameOf, type StoredClaim } from '../../claims/store/claims.ts'
import type { RelayContext } from '../../context.ts'
import type { Signer } from '../keys/signing.ts'
import type { Lease } from '../store/leases.ts'
import {
  type Decision,
  type Mined,
  type MinedTx,
  minedTxsOf,
  recordDecision,
  recordDropped,
  recordFinal,
  recordMined,
  recordTaken,
  recordUntaken,
} from '../store/settlements.ts'
import type { Unmined } from '../store/transactions.ts'

/** How long a used nonce may have no receipt before another transaction counts as mined: the node may lag. Seconds. */
const RECEIPT_WAIT_SECONDS = 10

/** The state of one reconciliation of a signer. */
export type Turn = RelayContext & {
  lease: Lease
  head: ChainHead
  /** The signer's account; undefined if this process lacks its key. */
  account: Signer | undefined
}

/**
 * Settles transactions whose nonce is used: any of their attempts may have been mined. Transactions that are settled
 * concurrently share a statement.
 * @returns a function of a transaction and of the claims that it was to make. It resolves to whether it is known which
 * transaction used the nonce.
 */
export function createSettle({ pool, market, events, logger }: RelayContext) {
  const store = createBatcher(async (mined: readonly Mined[]) => {
    const byLease = [...Map.groupBy(mined, ({ lease }) => lease)]
    const stored = await Promise.all(byLease.map(([lease, its]) => recordMined(pool, lease, its)))
    return mined.map(({ tx }) => stored.find(({ txs }) => txs.has(tx)))
  })

  return async function settle(turn: Turn, { id, nonce, attempts }: Unmined, claims: StoredClaim[]): Promise<boolean> {
    const { lease, head } = turn
    const receipts = await Promise.all(attempts.map(({ hash }) => receiptOf(market.client, hash)))
    const receipt = receipts.find((one) => one !== undefined)
    if (!receipt) {
      const isTaken = await recordTaken(pool, lease, id, RECEIPT_WAIT_SECONDS, head.number)
      const hashes = attempts.map(({ hash }) => hash)
      if (isTaken) logger.error({ nonce, hashes }, 'another transaction has used the nonce')
      return isTaken
    }
    const { transactionHash: txHash, gasUsed } = receipt
    const filler = attempts.some((attempt) => attempt.hash === txHash && attempt.filler)
    const decisions = await conclude(market, claims, receipt, filler)
    const fee = feeOf(receipt)
    const stored = await store({ lease, tx: id, receipt, fee, decisions })
    if (!stored) return false
    const made = filler ? 0 : claims.length
    events.emit('attemptMined', { signer: lease.signer, nonce, txHash, filler, claims: made, gasUsed, fee })
    for (const [claim, decision] of decisions) if (stored.claims.has(claim.claimId)) emitDecided(turn, claim, decision)
    return true
  }
}

/** Stores the decision about a claim that its transaction did not make. */
export async function decideClaim(turn: Turn, claim: StoredClaim, decision: Decision) {
  if (await recordDecision(turn.pool, turn.lease, [claim, decision])) emitDecided(turn, claim, decision)
}

/** Emits decisions, also of claims for which no client waits. */
function emitDecided({ events }: Turn, claim: StoredClaim, decision: Decision) {
  const { txHash } = decision
  const outcome = decision.state === 'won' ? 'won' : decision.problem.code
  events.emit('claimDecided', { ...nameOf(claim), ...(txHash && { txHash }), outcome })
}

/**
 * Reopens transactions that a reorg removed. The proof of a removal is that the node has another block of that number,
 * and no receipt in the stored block. A node that lags, perhaps one of several behind a load balancer, has neither
 * block nor receipt, which proves nothing.
 * @param used the number of used nonces at the head.
 * @returns the latest stored block that is in the chain. Finality may be concluded up to it.
 */
export async function dropReorganised(turn: Turn, used: number): Promise<bigint | undefined> {
  const { pool, market, lease, head } = turn
  await recordUntaken(pool, lease, used, head.number)
  // If a block is in the chain, so are all stored blocks before it, because blocks name their parents.
  const [newest] = await minedTxsOf(pool, lease, 1)
  if (!newest) return undefined
  if ((await hashOfBlock(market.client, newest.blockNumber)) === newest.blockHash) return newest.blockNumber
  for (const tx of await minedTxsOf(pool, lease, null)) {
    const hash = await hashOfBlock(market.client, tx.blockNumber)
    if (hash === tx.blockHash) return tx.blockNumber
    if (hash !== undefined) await dropUnlessMined(turn, tx)
  }
  return undefined
}

async function dropUnlessMined({ pool, market, events, logger, lease }: Turn, tx: MinedTx) {
  const receipt = await receiptOf(market.client, tx.hash)
  if (receipt?.blockHash === tx.blockHash) return
  if (!(await recordDropped(pool, lease, tx))) return
  for (const claim of await claimsOf(pool, tx.id))
    if (claim.state === 'open') events.emit('claimReopened', nameOf(claim))
  logger.warn({ txHash: tx.hash, blockHash: tx.blockHash }, 'a reorg took a transaction out of its block')
}

/**
 * Stores which transactions are final, so that they are not checked again.
 * @param newest the latest stored block in the chain.
 */
export async function finalise({ pool, finalBlock, events, lease }: Turn, newest: bigint) {
  const finalized = await finalBlock()
  if (finalized === undefined) return
  const txs = await recordFinal(pool, lease, finalized < newest ? finalized : newest)
  if (txs.length === 0) return
  for (const { txHash, state, problem, ...claim } of await claimsOf(pool, ...txs)) {
    if (state === 'open') continue
    const outcome = problem?.code ?? 'won'
    events.emit('claimFinal', { ...nameOf(claim), ...(txHash && { txHash }), outcome })
  }
}

async function receiptOf(client: PublicClient, hash: Hash): Promise<TransactionReceipt | undefined> {
  const receipt = await answer(client.request({ method: 'eth_getTransactionReceipt', params: [hash] }))
  return receipt ? formatTransactionReceipt(receipt) : undefined
}
