import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { type Address, formatTransactionReceipt, type PublicClient, type TransactionReceipt } from 'viem'
import { Problem } from '../errors.ts'
import type { ChainHead, Heads } from './heads.ts'
import type { Journal, SignedTransaction } from './journal.ts'
import { answer } from './rpc.ts'

/** How long a used nonce may go without the receipt of ours: until then the node may just be behind. Milliseconds. */
const RECEIPT_PATIENCE = 10_000

/** How old a transaction gets before it is sent again, and again after as long. Milliseconds. */
const RESEND_INTERVAL = 5_000

/** Milliseconds. */
const FAILURE_PAUSE = 1_000

type Options = {
  client: PublicClient
  heads: Heads
  journal: Journal
  /** How often the head is looked at, in milliseconds. */
  interval: number
  resend: (signer: Address) => Promise<void>
  logger: Logger
}

type Watched = {
  transaction: SignedTransaction
  resolve: (receipt: TransactionReceipt | undefined) => void
  /** When the nonce was first seen used, of `performance.now()`. */
  usedAt?: number
}

/**
 * Watches all unmined transactions together: at each new head one question per signer, how many of its transactions
 * are mined, and then a question for each of those only.
 * @returns watch, which resolves to the receipt, or to undefined if another transaction used the nonce.
 */
export function createReceipts({ client, heads, journal, interval, resend, logger }: Options) {
  const watched = new Set<Watched>()
  let running = false
  /** Something to look up that no new head announces. */
  let pressing = false
  let resentAt = 0

  function watch(transaction: SignedTransaction): Promise<TransactionReceipt | undefined> {
    const { promise, resolve } = Promise.withResolvers<TransactionReceipt | undefined>()
    watched.add({ transaction, resolve })
    pressing = true
    if (!running) void run()
    return promise
  }

  async function run() {
    running = true
    let known: ChainHead | undefined
    while (watched.size > 0) {
      try {
        const head = await heads.latest()
        if (pressing || head.hash !== known?.hash) {
          pressing = false
          await Promise.all([...Map.groupBy(watched, ({ transaction }) => transaction.signer)].map(look))
        }
        known = head
        await resendStale()
        await sleep(interval)
      } catch (error) {
        const level = error instanceof Problem ? 'warn' : 'error'
        logger[level]({ err: error, open: watched.size }, 'cannot look for receipts')
        pressing = true
        await sleep(FAILURE_PAUSE)
      }
    }
    running = false
  }

  async function look([address, group]: [Address, Watched[]]) {
    const mined = await answer(client.getTransactionCount({ address, blockTag: 'latest' }))
    await Promise.all(group.filter(({ transaction }) => transaction.nonce < mined).map(conclude))
  }

  async function conclude(entry: Watched) {
    const receipt = await receiptOf(entry.transaction)
    entry.usedAt ??= performance.now()
    if (!receipt && performance.now() - entry.usedAt < RECEIPT_PATIENCE) {
      pressing = true
      return
    }
    watched.delete(entry)
    journal.remove(entry.transaction)
    entry.resolve(receipt)
  }

  async function receiptOf({ hash }: SignedTransaction): Promise<TransactionReceipt | undefined> {
    const receipt = await answer(client.request({ method: 'eth_getTransactionReceipt', params: [hash] }))
    return receipt ? formatTransactionReceipt(receipt) : undefined
  }

  async function resendStale() {
    const now = performance.now()
    if (now - resentAt < RESEND_INTERVAL) return
    const stale = [...watched].filter(({ transaction }) => now - transaction.signedAt > RESEND_INTERVAL)
    if (stale.length === 0) return
    resentAt = now
    await Promise.all([...new Set(stale.map(({ transaction }) => transaction.signer))].map(resend))
  }

  return watch
}
