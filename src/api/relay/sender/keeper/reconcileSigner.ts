import type { Address, Hash } from 'viem'
import { answer } from '../../chain/client.ts'
import type { ChainHead } from '../../chain/heads.ts'
import type { Actions } from '../action.ts'
import type { SenderContext, Turn } from '../context.ts'
import type { Lease } from '../store/leases.ts'
import { GAP, nextNonceOf, unminedOf } from '../store/transactions.ts'
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
export function createReconcile(context: SenderContext, actions: Actions) {
  const { pool, client, heads, accounts, nonceCheck, logger } = context
  const settle = createSettle(context, actions)
  /** For each signer, the head at which everything is settled, and the number of its used nonces there. */
  const settledAt = new Map<Address, { head: Hash; used: number }>()
  /** For each signer without a key, the number of its unmined transactions in the last log line. */
  const leftBehind = new Map<Address, number>()
  const names = [...actions.names, GAP]
  const unknown = new Set<string>()

  /** @returns the number of used nonces at the head. */
  async function settleAll(turn: Turn): Promise<number> {
    const { head } = turn
    const { signer } = turn.lease
    settledAt.delete(signer)
    // At this block, not at the latest one of whichever node answers.
    const count = { address: signer, blockNumber: head.number }
    const [used, nextNonce] = await Promise.all([answer(client.getTransactionCount(count)), nextNonceOf(pool, signer)])
    nonceCheck.assertMined(signer, nextNonce, used)
    const newest = await dropReorganised(turn, actions, isKnown, used)
    const mined = (await unminedOf(pool, signer)).filter((tx) => tx.nonce < used && isKnown(tx))
    const isSettled = await orLater(logger, settle(turn, mined))
    const isRid = await orLater(logger, actions.sendAnew(turn))
    if (newest !== undefined) await orLater(logger, finalise(turn, actions, names, newest))
    if (isSettled && isRid) settledAt.set(signer, { head: head.hash, used })
    return used
  }

  /**
   * Transactions of a kind that only a newer build knows, which shares the database, are left to it: they are broadcast again,
   * but not settled, reopened or replaced.
   */
  function isKnown({ kind }: { kind: string }): boolean {
    if (names.includes(kind)) return true
    if (!unknown.has(kind))
      logger.warn({ kind }, 'leaves transactions of an unknown kind to processes of a newer build')
    unknown.add(kind)
    return false
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
    await orLater(logger, actions.giveUpExpired(turn, used))
    await resendDue(turn, actions, isKnown, unmined)
    const lowest = unmined[0]?.nonce ?? used
    if (account && lowest > used) await fillGaps(turn, account, used, lowest)
    if (!account) logLeftBehind(signer, unmined.length)
    const dueIn = Math.min(...unmined.map((tx) => tx.dueIn * 1_000 || AFTER_SENDING_MS))
    return { head, isSettled: settledAt.has(signer), dueIn }
  }
}
