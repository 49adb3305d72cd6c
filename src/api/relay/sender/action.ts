import type pg from 'pg'
import type { Address, TransactionReceipt } from 'viem'
import type { Turn } from './context.ts'
import type { Call } from './keys/signing.ts'

/** What a signer can send now. */
export type Room = {
  /** The gas of all its new transactions together, by its budget and its balance. */
  gas: bigint
  /** The gas of one transaction: one that does not fit into the rest of a block waits for the next. */
  gasPerTransaction: bigint
  transactions: number
  /** The most that a transaction offers per gas, in wei. */
  price: bigint
}

/**
 * A call, the name of its kind of action, and the id of its transaction, from the sequence `relay.tx_id`, under which the
 * kind has stored it.
 */
export type Reserved = { tx: bigint; kind: string; call: Call }

/**
 * Decides what to send once the signer is locked, and stores what the calls are for, in the database transaction that
 * stores the signed transactions: a crash leaves both or neither.
 */
export type Reserve = (db: pg.PoolClient, room: Room) => Promise<Reserved[]>

/**
 * SQL that runs in the sender's own statement, so that a transaction and its actions change together.
 * `text(first)` follows `WITH …, changed AS (…)`, where `changed` has the `id` of each transaction that the statement has
 * changed, and its `fee` in wei, which is null if it is not mined; its parameters begin at `$first`. It returns a row for
 * each of them: `tx`, and `action`, the id of an action that it changed, or null.
 */
export type Effect = { text: (first: number) => string; values: unknown[] }

/**
 * The actions that transactions are for. The sender knows transactions only.
 * `Action` is what is stored of an action, `Decision` what the chain decided about one. They are methods, so that the sender need
 * not know these types.
 */
export type Actions<Action = unknown, Decision = unknown> = {
  /** What `relay.tx` may have as the kind of their transactions. They never change once they are released. */
  names: readonly string[]

  /** The actions of these transactions, by transaction. */
  actionsOf(txs: readonly bigint[]): Promise<Map<bigint, Action[]>>

  /**
   * What a mined transaction decided about its actions. An action without a decision stays open.
   * @param isFiller whether the mined attempt is an empty transfer, which only uses up the nonce.
   */
  conclude(actions: readonly Action[], receipt: TransactionReceipt, isFiller: boolean): Promise<Decision[]>

  /** Stores decisions about actions of the changed transactions, which are mined now. */
  store(decisions: readonly Decision[]): Effect

  /** Called once decisions are stored. @param changed the ids of the actions that they changed. */
  onDecided(decisions: readonly Decision[], changed: ReadonlySet<string | null>): void

  /** Reopens the actions that the changed transactions have decided: a reorg removed these from their block. */
  reopen: Effect

  onReopened(tx: bigint): Promise<void>

  /** Called once no reorg can change what these transactions decided. */
  onFinal(txs: readonly bigint[]): Promise<void>

  /**
   * The call with those actions of a stuck transaction that may still succeed, which replaces it at a higher price.
   * @param gas the gas limit of the stuck transaction.
   * @returns undefined if there are none: then a filler replaces it.
   */
  callWorthSending(tx: bigint, from: Address, gas: bigint): Promise<Call | undefined>

  /**
   * Whether the transaction must no longer be sent, though it is not mined: the time for which it was asked is over, or
   * its actions are decided or have another transaction. A filler replaces it.
   */
  isOverdue(tx: bigint): Promise<boolean>

  /**
   * Decides open actions of unmined transactions that can no longer succeed. An action of a mined one looks the same until
   * the receipt is found.
   * @param used the number of used nonces at the head: transactions with these are not unmined.
   */
  giveUpExpired(turn: Turn, used: number): Promise<void>

  /**
   * Decides open actions whose transaction can no longer decide them, or gives them new transactions.
   * @returns whether none is left.
   */
  sendAnew(turn: Turn): Promise<boolean>

  /** An SQL condition on `signer.address`: whether the signer has open actions that `sendAnew` is for. */
  hasStranded: string
}
