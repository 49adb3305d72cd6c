import type { Logger } from 'pino'
import { type Hex, keccak256, type LocalAccount, type PublicClient } from 'viem'
import { type Broadcast, broadcast } from './broadcast.ts'
import type { Fees } from './fees.ts'
import type { Journal, SignedTransaction } from './journal.ts'
import type { MarketCall } from './market.ts'
import { answer, unavailable } from './rpc.ts'

/** How often a nonce that another transaction took is replaced by the next. */
const NONCE_ATTEMPTS = 3

/** How many transactions of a signer may be without a receipt. Nodes drop the excess of one sender. */
const MAX_OPEN = 256

export type Signer = {
  address: Hex
  /** How many transactions are waiting to be sent or mined. */
  load(): number
  /**
   * Signs the call with the next nonce and hands it to the node.
   * @param signal gives up the place in the queue; once its turn has come, the call is sent.
   * @returns the transaction, also where it is unknown whether the node has it.
   * @throws Problem RELAY_UNAVAILABLE if it is certain that the node does not have it. The nonce is used again.
   */
  submit(call: MarketCall & { gas: bigint }, signal: AbortSignal): Promise<SignedTransaction>
  /** Hands everything unmined to the node again, lowest nonce first: it may have lost, or never seen it. */
  resend(): Promise<void>
}

type Options = {
  client: PublicClient
  chainId: number
  account: LocalAccount
  journal: Journal
  fees: () => Promise<Fees>
  logger: Logger
}

/** Orders allocation and submission: the next nonce is not signed before the node has the last one. */
export function createSigner({ client, chainId, account, journal, fees, logger }: Options): Signer {
  const { address } = account
  let nextNonce: number | undefined
  let queued = 0
  let last: Promise<unknown> = Promise.resolve()

  /** Runs the tasks one after another. A failed one reports to its own caller and does not stop the next. */
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    queued++
    const run = last.then(task, task).finally(() => queued--)
    last = run
    return run
  }

  /** The node forgets what it drops, the journal does not know what others sent with this key. */
  async function firstFreeNonce() {
    const pending = await answer(client.getTransactionCount({ address, blockTag: 'pending' }))
    const highest = journal.open(address).at(-1)
    return Math.max(pending, highest ? highest.nonce + 1 : 0)
  }

  async function sign({ to, data, gas }: MarketCall & { gas: bigint }): Promise<SignedTransaction> {
    // With nothing on its way the node knows better than this process, whose last block may have been reorganised.
    if (journal.open(address).length === 0) nextNonce = undefined
    const [nonce, price] = await Promise.all([nextNonce ?? firstFreeNonce(), fees()])
    nextNonce = nonce
    const raw = await account.signTransaction({ type: 'eip1559', chainId, nonce, to, data, gas, value: 0n, ...price })
    return { signer: address, nonce, hash: keccak256(raw), raw, signedAt: performance.now(), accepted: false }
  }

  async function resendOpen(transactions: SignedTransaction[]) {
    for (const transaction of transactions) {
      const { result, error } = await broadcast(client, transaction.raw)
      if (result === 'accepted' || result === 'nonceTaken') {
        transaction.accepted = true
        continue
      }
      logger.warn({ txHash: transaction.hash, nonce: transaction.nonce, result, err: error }, 'cannot resend')
      return
    }
  }

  async function submit(call: MarketCall & { gas: bigint }, signal: AbortSignal): Promise<SignedTransaction> {
    if (signal.aborted) throw unavailable('The relay is too busy.')
    await resendOpen(journal.open(address).filter(({ accepted }) => !accepted))
    if (journal.open(address).some(({ accepted }) => !accepted)) throw unavailable('The node does not take claims.')
    for (let attempt = 1; ; attempt++) {
      const transaction = await sign(call)
      journal.record(transaction)
      const { result, error } = await broadcast(client, transaction.raw)
      if (result === 'accepted' || result === 'unknown') {
        transaction.accepted = result === 'accepted'
        nextNonce = transaction.nonce + 1
        return transaction
      }
      journal.remove(transaction)
      nextNonce = undefined
      if (result !== 'nonceTaken' || attempt === NONCE_ATTEMPTS) throw notSent(result, error)
    }
  }

  function notSent(result: Broadcast['result'], error: unknown) {
    const level = result === 'unfunded' || result === 'refused' ? 'error' : 'warn'
    logger[level]({ signer: address, result, err: error }, 'a claim could not be sent')
    return unavailable(
      result === 'unfunded' ? 'The relayer is out of funds.' : 'The chain’s node does not take the claim.',
      error,
      result === 'unfunded' ? 60 : 2,
    )
  }

  return {
    address,
    load: () => queued + journal.open(address).length,
    submit(call, signal) {
      if (queued + journal.open(address).length >= MAX_OPEN) throw unavailable('The relay is too busy.')
      return inTurn(() => submit(call, signal))
    },
    resend: () => inTurn(() => resendOpen(journal.open(address))),
  }
}
