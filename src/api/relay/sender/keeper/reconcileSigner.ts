import type { Address, Hash } from 'viem'
import { answer } from '../../chain/client.ts'
import type { ChainHead } from '../../chain/heads.ts'
import type { ActionKind } from '../action.ts'
import type { SenderContext, Turn } from '../context.ts'
import type { Lease } from '../store/leases.ts'
import { nextNonceOf, type Unmined, unminedOf } from '../store/transactions.ts'
import type { KeptKinds } from './kinds.ts'
import { fillGaps, resendDue } from './resend.ts'
import { createSettle, dropReorganised, finalise, orLater } from './settlement.ts'

/**
 * The delay of the next check after a broadcast, which reads from the database when the next one is due. Milliseconds.
 */
const AFTER_SENDING_MS = 200

/** What remains after a reconciliation. */
type Look = {
  head: ChainHead
  /** Whether all transactions that are mined at the head are settled. */
  isSettled: boolean
  /** Milliseconds until a transaction is due to be broadcast again; infinity if none is unmined. */
  dueIn: number
}

/**
 * Reconciles the stored transactions of a signer with the chain: settles mined transactions, reopens those that a reorg
 * removed, gives up actions that can no longer succeed, fills nonce gaps, and broadcasts again.
 */
export function createReconcile(context: SenderContext, kinds: KeptKinds) {
  const { pool, client, heads, accounts, nonceCheck, logger } = context
  const settle = createSettle(context)
  /** For each signer, the head at which everything is settled, and the number of its used nonces there. */
  const settledAt = new Map<Address, { head: Hash; used: number }>()
  /** For each signer without a key, the number of its unmined transactions in the last log line. */
  const leftBehind = new Map<Address, number>()

  /** @returns the number of used nonces at the head. */
  async function settleAll(turn: Turn): Promise<number> {
    const { head } = turn
    const { signer } = turn.lease
    settledAt.delete(signer)
    // At this block, not at the latest one of whichever node answers.
    const count = { address: signer, blockNumber: head.number }
    const [used, nextNonce] = await Promise.all([answer(client.getTransactionCount(count)), nextNonceOf(pool, signer)])
    nonceCheck.assertMined(signer, nextNonce, used)
    const newest = await dropReorganised(turn, kinds.of, used)
    const mined = (await unminedOf(pool, signer)).filter(({ nonce }) => nonce < used)
    const isSettled = await settleByKind(turn, mined)
    const isRid = await ofEachKind((kind) => kind.sendAnew(turn))
    if (newest !== undefined) await finaliseByKind(turn, newest)
    if (isSettled && isRid) settledAt.set(signer, { head: head.hash, used })
    return used
  }

  /** What fails for one kind must not delay the others. @returns whether all returned true. */
  async function ofEachKind(work: (kind: ActionKind) => Promise<unknown>): Promise<boolean> {
    const done = await Promise.all(kinds.all.map((kind) => orLater(logger, work(kind))))
    return done.every((result) => result === true)
  }

  /** @returns whether all are settled, apart from those of unknown kinds. */
  async function settleByKind(turn: Turn, mined: Unmined[]): Promise<boolean> {
    const settled = [...Map.groupBy(mined, ({ kind }) => kinds.of(kind))].map(([kind, txs]) =>
      kind ? orLater(logger, settle(turn, kind, txs)) : true,
    )
    return (await Promise.all(settled)).every(Boolean)
  }

  async function finaliseByKind(turn: Turn, newest: bigint) {
    const final = await finalise(turn, newest, kinds.names)
    const byKind = Map.groupBy(final, ({ kind }) => kinds.of(kind))
    await ofEachKind(async (kind) => {
      const txs = byKind.get(kind)
      if (txs) await kind.onFinal(txs.map(({ id }) => id))
    })
  }

  /** Without the key we can rebroadcast, but neither reprice nor fill nonce gaps. */
  function logLeftBehind(signer: Address, unmined: number) {
    if (leftBehind.get(signer) === unmined) return
    leftBehind.set(signer, unmined)
    logger.warn({ signer, unmined }, 'finishes what a signer left behind whose key is not here')
  }

  return async function reconcile(lease: Lease): Promise<Look> {
    const { signer } = lease
    // The head is read first, so that every transaction that it has mined is in the database.
    const head = await heads.latest()
    const account = accounts.find(({ address }) => address === signer)
    const turn = { ...context, lease, head, account }
    const known = settledAt.get(signer)
    const used = known?.head === head.hash ? known.used : await settleAll(turn)
    const unmined = (await unminedOf(pool, signer)).filter(({ nonce }) => nonce >= used)
    await ofEachKind((kind) => kind.giveUpExpired(turn, used))
    await resendDue(turn, kinds.of, unmined)
    const lowest = unmined[0]?.nonce ?? used
    if (account && lowest > used) await fillGaps(turn, account, used, lowest)
    if (!account) logLeftBehind(signer, unmined.length)
    const dueIn = Math.min(...unmined.map((tx) => tx.dueIn * 1_000 || AFTER_SENDING_MS))
    return { head, isSettled: settledAt.has(signer), dueIn }
  }
}
