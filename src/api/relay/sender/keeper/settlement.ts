import type { Logger } from 'pino'
import { formatTransactionReceipt, type Hash, type PublicClient, type TransactionReceipt } from 'viem'
import { createBatcher } from '../../../../../core/batcher.ts'
import { answer } from '../../chain/client.ts'
import { paidFee } from '../../chain/fees.ts'
import { hashOfBlock } from '../../chain/heads.ts'
import { isUnavailable } from '../../refusal.ts'
import type { Actions } from '../action.ts'
import type { SenderContext, Turn } from '../context.ts'
import type { Lease } from '../store/leases.ts'
import {
  type Mined,
  type MinedTx,
  minedTxsOf,
  recordDropped,
  recordFinal,
  recordMined,
  recordTaken,
  recordUntaken,
} from '../store/settlements.ts'
import type { Unmined } from '../store/transactions.ts'

/** How long a used nonce may have no receipt before another transaction counts as mined: the node may lag. Seconds. */
const RECEIPT_WAIT_SECONDS = 10

/**
 * Creates a function that settles transactions whose nonces are used: any of their attempts may have been mined. It resolves to
 * whether it is known of each nonce which transaction used it.
 */
export function createSettle({ pool, client, events, logger }: SenderContext, actions: Actions) {
  type Settled = Mined & { decisions: readonly unknown[] }

  /** Stores them, those at the same time by one statement. @returns undefined for one that was settled before. */
  const createStore = (lease: Lease) =>
    createBatcher(async (mined: readonly Settled[]) => {
      const decisions = mined.flatMap((one) => one.decisions)
      const stored = await recordMined(pool, lease, mined, actions.store(decisions))
      return mined.map(({ tx }) => (stored.txs.has(tx) ? stored : undefined))
    })

  /** @returns whether it is known which transaction used the nonce. */
  async function settle(
    { lease, head }: Turn,
    store: ReturnType<typeof createStore>,
    tx: Unmined,
    own: readonly unknown[],
  ): Promise<boolean> {
    const { id, nonce, attempts } = tx
    const receipts = await Promise.all(attempts.map(({ hash }) => receiptOf(client, hash)))
    const receipt = receipts.find((one) => one !== undefined)
    if (!receipt) {
      const isTaken = await recordTaken(pool, lease, id, RECEIPT_WAIT_SECONDS, head.number)
      const hashes = attempts.map(({ hash }) => hash)
      if (isTaken) logger.error({ nonce, hashes }, 'another transaction has used the nonce')
      return isTaken
    }
    const { transactionHash: txHash, gasUsed } = receipt
    const filler = attempts.some((attempt) => attempt.hash === txHash && attempt.filler)
    const decisions = await actions.conclude(own, receipt, filler)
    const fee = paidFee(receipt)
    const stored = await store({ tx: id, receipt, fee, decisions })
    if (!stored) return false
    const made = filler ? 0 : own.length
    const name = { signer: lease.signer, nonce, txHash, kind: tx.kind }
    events.emit('attemptMined', { ...name, filler, actions: made, gasUsed, fee })
    actions.onDecided(decisions, stored.actions)
    return true
  }

  return async function settleAll(turn: Turn, txs: readonly Unmined[]): Promise<boolean> {
    if (txs.length === 0) return true
    const byTx = await actions.actionsOf(txs.map(({ id }) => id))
    const store = createStore(turn.lease)
    // A transaction that cannot be settled now must not delay the others.
    const settled = txs.map((tx) => orLater(logger, settle(turn, store, tx, byTx.get(tx.id) ?? [])))
    return (await Promise.all(settled)).every(Boolean)
  }
}

/** For work that must not delay other work. @returns false if it failed, which is logged. */
export const orLater = <T>(logger: Logger, work: Promise<T>): Promise<T | false> =>
  work.catch((error) => {
    logger[isUnavailable(error) ? 'warn' : 'error'](
      { err: error },
      'cannot reconcile yet: the next turn tries it again',
    )
    return false as const
  })

/**
 * Reopens transactions that a reorg removed. The proof of a removal is that the node has another block of that number,
 * and no receipt in the stored block. A node that lags, perhaps one of several behind a load balancer, has neither
 * block nor receipt, which proves nothing.
 * @param used the number of used nonces at the head.
 * @returns the latest stored block that is in the chain. Finality may be concluded up to it.
 */
export async function dropReorganised(
  turn: Turn,
  actions: Actions,
  isKnown: (tx: MinedTx) => boolean,
  used: number,
): Promise<bigint | undefined> {
  const { pool, client, lease, head } = turn
  await recordUntaken(pool, lease, used, head.number)
  // If a block is in the chain, so are all stored blocks before it, because blocks name their parents.
  const [newest] = await minedTxsOf(pool, lease, 1)
  if (!newest) return undefined
  if ((await hashOfBlock(client, newest.blockNumber)) === newest.blockHash) return newest.blockNumber
  for (const tx of await minedTxsOf(pool, lease, null)) {
    const hash = await hashOfBlock(client, tx.blockNumber)
    if (hash === tx.blockHash) return tx.blockNumber
    if (hash !== undefined && isKnown(tx)) await dropUnlessMined(turn, actions, tx)
  }
  return undefined
}

async function dropUnlessMined({ pool, client, logger, lease }: Turn, actions: Actions, tx: MinedTx) {
  const receipt = await receiptOf(client, tx.hash)
  if (receipt?.blockHash === tx.blockHash) return
  if (!(await recordDropped(pool, lease, tx, actions.reopen))) return
  await actions.onReopened(tx.id)
  logger.warn({ txHash: tx.hash, blockHash: tx.blockHash }, 'a reorg took a transaction out of its block')
}

/**
 * Stores which transactions of these kinds are final, so that they are not checked again.
 * @param newest the latest stored block in the chain.
 */
export async function finalise(
  { pool, finalBlock, lease }: Turn,
  actions: Actions,
  kinds: readonly string[],
  newest: bigint,
) {
  const finalized = await finalBlock()
  if (finalized === undefined) return
  const final = await recordFinal(pool, lease, finalized < newest ? finalized : newest, kinds)
  if (final.length > 0) await actions.onFinal(final.map(({ id }) => id))
}

async function receiptOf(client: PublicClient, hash: Hash): Promise<TransactionReceipt | undefined> {
  const receipt = await answer(client.request({ method: 'eth_getTransactionReceipt', params: [hash] }))
  return receipt ? formatTransactionReceipt(receipt) : undefined
}
