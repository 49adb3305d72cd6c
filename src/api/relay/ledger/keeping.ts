import type { Logger } from 'pino'
import type { Hex, TransactionReceipt } from 'viem'
import { isUnavailable, type Refusal } from '../refusal.ts'
import type { ActionKind } from '../sender/action.ts'
import type { Turn } from '../sender/context.ts'
import type { NamedAttempt } from '../sender/events.ts'
import type { Call, Signer } from '../sender/keys/signing.ts'
import type { Placer } from '../sender/placement.ts'
import type { Database } from '../store/database.ts'
import { type Decision, recordDecision, reopenRows, storeDecisions } from './decisions.ts'
import { hasStranded, moveRow, type Rows, type StoredState } from './rows.ts'

/** A stored row of any kind: claims have words of their own for their states. */
type KeptRow = Omit<StoredState, 'state'> & { state: string }

/** A transaction that may decide a row whose own can no longer do so. */
type NextTransaction = { signer: Signer; kind: string; call: Call }

/** What differs between claims and other actions when a keeper decides them. */
export type Keeping<Row extends KeptRow> = Pick<
  ActionKind<Row, [Row, Decision]>,
  'names' | 'isOverdue' | 'callWorthSending'
> & {
  idOf: (row: Row) => Hex
  rows: Pick<Rows<Row>, 'ofTxs' | 'strandedOf'>
  /** Open rows of unmined transactions, from nonce `used` on, that may have expired. */
  expiringOf: (turn: Turn, used: number) => Promise<Row[]>

  /**
   * What a mined transaction decided about each of its rows. One without a decision stays open: its transaction can no longer
   * decide it. @param isFiller whether the mined attempt only used the nonce up.
   */
  conclude: (rows: readonly Row[], receipt: TransactionReceipt, isFiller: boolean) => Promise<(Decision | undefined)[]>
  /** The decision about such an expiring row; undefined if it may still succeed. */
  expire: (turn: Turn, row: Row) => Promise<Decision | undefined>
  /** What becomes of a stranded row: its decision, or its next transaction; undefined if neither is known yet. */
  renew: (turn: Turn, row: Row) => Promise<{ decision: Decision } | NextTransaction | undefined>
  /** Whether a revert for this reason does not count against the party, or the agent of a claim. */
  isBlameless: (row: Row, problem: Refusal) => boolean

  onPlaced: (row: Row, attempt: NamedAttempt) => void
  onDecided: (row: Row, decision: Decision) => void
  onReopened: (row: Row) => void
  onFinal: (row: Row) => void
}

type Context = { pool: Database; logger: Logger }

/** How the keeper of a process decides the rows of some kinds, and sends them anew. */
export function createKept<Row extends KeptRow>(
  { pool, logger }: Context,
  placer: Placer,
  keeping: Keeping<Row>,
): ActionKind<Row, [Row, Decision]> {
  const { names, idOf, isBlameless } = keeping
  const { ofTxs, strandedOf } = keeping.rows

  const toRow = ([row, decision]: [Row, Decision]) => {
    const isOwnFault = decision.state === 'refused' && !isBlameless(row, decision.problem)
    return { action: idOf(row), tx: row.tx.id, decision, isOwnFault }
  }

  /** Stores a decision that the row's transaction did not make. */
  async function decide({ lease }: Turn, row: Row, decision: Decision) {
    if (await recordDecision(pool, lease, toRow([row, decision]))) keeping.onDecided(row, decision)
  }

  async function giveUp(turn: Turn, row: Row) {
    const decision = await keeping.expire(turn, row)
    if (!decision) return
    logger.warn({ id: idOf(row), txHash: row.tx.hash }, 'an unmined action can no longer succeed')
    await decide(turn, row, decision)
  }

  /**
   * Until another transaction has used the nonce, a row stays with its signer, even without its key: the signed transaction is
   * public and may be mined, so another signer could make the action twice.
   * @returns whether the row is decided or has a new transaction.
   */
  async function renew(turn: Turn, row: Row): Promise<boolean> {
    const next = await keeping.renew(turn, row)
    if (!next) return false
    if ('decision' in next) {
      await decide(turn, row, next.decision)
      return true
    }
    const { signer, kind, call } = next
    const renewed = await placer.placeAgain(signer, async (db) => {
      const tx = await moveRow(db, turn.lease, idOf(row), row.tx.id)
      return tx === undefined ? undefined : { tx, kind, call }
    })
    if (!renewed) return true
    if (typeof renewed === 'string') return false
    const { nonce, attempt } = renewed
    keeping.onPlaced(row, { signer: signer.address, nonce, txHash: attempt.hash })
    logger.warn({ id: idOf(row), txHash: attempt.hash }, 'sends an action anew')
    return true
  }

  return {
    ...keeping,
    hasStranded: hasStranded(names),
    store: (decided) => storeDecisions(decided.map(toRow)),
    reopen: reopenRows,

    async conclude(rows, receipt, isFiller) {
      const decisions = await keeping.conclude(rows, receipt, isFiller)
      return rows.flatMap((row, place): [Row, Decision][] => {
        const decision = decisions[place]
        return decision ? [[row, decision]] : []
      })
    },

    actionsOf: async (txs) => Map.groupBy(await ofTxs(pool, ...txs), ({ tx }) => tx.id),

    onDecided(decided, changed) {
      for (const [row, decision] of decided) if (changed.has(idOf(row))) keeping.onDecided(row, decision)
    },

    async onReopened(tx) {
      for (const row of await ofTxs(pool, tx)) if (row.state === 'open') keeping.onReopened(row)
    },

    async onFinal(txs) {
      for (const row of await ofTxs(pool, ...txs)) if (row.state !== 'open') keeping.onFinal(row)
    },

    /**
     * Refuses unmined rows that can no longer succeed, so that others in their slots can. Their transactions may still be mined
     * and revert. If this process has the signer's key, a filler replaces them.
     */
    async giveUpExpired(turn, used) {
      const expiring = await keeping.expiringOf(turn, used)
      await Promise.all(expiring.map((row) => giveUp(turn, row)))
    },

    /** A row that cannot be renewed now does not delay the others. */
    async sendAnew(turn) {
      const stranded = await strandedOf(pool, turn.lease.signer)
      const renewed = stranded.map((row) =>
        renew(turn, row).catch((error) => {
          logger[isUnavailable(error) ? 'warn' : 'error']({ err: error, id: idOf(row) }, 'cannot send an action anew')
          return false
        }),
      )
      return (await Promise.all(renewed)).every(Boolean)
    },
  }
}
