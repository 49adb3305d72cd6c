import {
  type Address,
  formatTransactionReceipt,
  type Hash,
  type Hex,
  numberToHex,
  type PublicClient,
  type TransactionReceipt,
} from 'viem'
import { createBatcher } from '../../batcher.ts'
import { answer } from '../chain/client.ts'
import { feeOf } from '../chain/fees.ts'
import type { ChainHead } from '../chain/heads.ts'
import type { RelayContext } from '../context.ts'
import { claimsOf, claimsOfEach, nameOf, type StoredClaim } from '../store/claims.ts'
import type { Lease } from '../store/leases.ts'
import {
  type DecidedClaim,
  type Decision,
  type Mined,
  type MinedTx,
  minedTxsOf,
  recordDecisions,
  recordDropped,
  recordFinal,
  recordMined,
  recordTaken,
  recordUntaken,
} from '../store/settlements.ts'
import type { Unmined } from '../store/transactions.ts'
import type { Signer } from '../submission/signing.ts'
import { claimLogsOf, conclude } from './decision.ts'

/** How long a used nonce may go without a receipt of ours: until then the node may only lag. Seconds. */
const RECEIPT_WAIT_SECONDS = 10

/** What the keeper works with while it works on a signer. */
export type Turn = RelayContext & {
  lease: Lease
  head: ChainHead
  /** Of the signer; undefined where this process lacks its key. */
  account: Signer | undefined
}

/**
 * Settles transactions whose nonce is used: any of their attempts may have been mined. Transactions that are settled at
 * the same time share statements.
 * @returns a function that resolves to whether it is known what used the nonce.
 */
export function createSettle({ pool, market, events, logger }: RelayContext) {
  const claimsOfTx = createBatcher((txs: readonly bigint[]) => claimsOfEach(pool, txs))
  const store = createBatcher(async (mined: readonly Mined[]) => {
    const byLease = [...Map.groupBy(mined, ({ lease }) => lease)]
    const stored = await Promise.all(byLease.map(([lease, its]) => recordMined(pool, lease, its)))
    return mined.map(({ tx }) => stored.find(({ txs }) => txs.has(tx)))
  })

  return async function settle(turn: Turn, { id, nonce, attempts }: Unmined): Promise<boolean> {
    const { lease, head } = turn
    const receipts = await Promise.all(attempts.map(({ hash }) => receiptOf(market.client, hash)))
    const position = receipts.findIndex((receipt) => receipt !== undefined)
    const [receipt, attempt] = [receipts[position], attempts[position]]
    if (!receipt || !attempt) {
      const isTaken = await recordTaken(pool, lease, id, RECEIPT_WAIT_SECONDS, head.number)
      const hashes = attempts.map(({ hash }) => hash)
      if (isTaken) logger.error({ nonce, hashes }, 'another transaction has used the nonce')
      return isTaken
    }
    const claims = await claimsOfTx(id)
    const logs = claimLogsOf(receipt)
    const { filler } = attempt
    const isAlone = claims.length === 1 && !filler
    const decide = async (claim: StoredClaim): Promise<DecidedClaim> => {
      return [claim, await conclude(market, claim.request, receipt, logs, isAlone)]
    }
    const decisions = await Promise.all(claims.map(decide))
    const fee = feeOf(receipt)
    const stored = await store({ lease, tx: id, receipt, fee, decisions })
    if (!stored) return false
    const { transactionHash: txHash, gasUsed } = receipt
    const made = filler ? 0 : claims.length
    events.emit('attemptMined', { signer: lease.signer, nonce, txHash, filler, claims: made, gasUsed, fee })
    for (const [claim, decision] of decisions) if (stored.claims.has(claim.claimId)) emitDecided(turn, claim, decision)
    return true
  }
}

/** Stores what a claim came to that its transaction did not decide. */
export async function decideClaim(turn: Turn, claim: StoredClaim, decision: Decision) {
  const changed = await recordDecisions(turn.pool, turn.lease, [[claim, decision]])
  if (changed.size > 0) emitDecided(turn, claim, decision)
}

/** Also of claims for which no client waits. */
function emitDecided({ events }: Turn, claim: StoredClaim, decision: Decision) {
  if ('undecided' in decision) return
  const isWon = 'won' in decision
  const { txHash } = (isWon ? decision.won : decision.at) ?? {}
  const outcome = isWon ? 'won' : decision.refused.code
  events.emit('claimDecided', { ...nameOf(claim), ...(txHash && { txHash }), outcome })
}

/**
 * Opens again what a reorg took out of its block. That takes a proof: the node has another block of this number, and no
 * receipt in the stored one. A node that lags, or one of several behind a balancer, knows neither block nor receipt, and
 * that proves nothing.
 * @param used how many nonces are used at the turn's head.
 * @returns the newest block with a transaction of ours that is in the chain, up to which finality may be concluded.
 */
export async function dropReorganised(turn: Turn, used: number): Promise<bigint | undefined> {
  const { pool, market, lease, head } = turn
  await recordUntaken(pool, lease, used, head.number)
  // Blocks name their parents: those before one that is in the chain are in it too.
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

/** What the node calls final cannot be reorganised, so it is not looked at again. @param newest that is in the chain. */
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

async function hashOfBlock(client: PublicClient, number: bigint): Promise<Hash | undefined> {
  const params: [Hex, false] = [numberToHex(number), false]
  const block = await answer(client.request({ method: 'eth_getBlockByNumber', params }))
  return block?.hash ?? undefined
}

/** How many nonces are used at this block, and not at the newest of whichever node answers. */
export const usedNonces = ({ market }: RelayContext, address: Address, { number }: ChainHead) =>
  answer(market.client.getTransactionCount({ address, blockNumber: number }))
