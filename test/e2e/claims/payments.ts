// A second kind of action beside claims: payments of USDC by the signer. What a kind needs is in this file.
import { type Address, encodeFunctionData, erc20Abi, stringify } from 'viem'
import { answer, revertOf } from '../../../src/api/relay/chain/client.ts'
import type { ActionKind } from '../../../src/api/relay/sender/action.ts'
import type { SenderContext } from '../../../src/api/relay/sender/context.ts'
import type { Call, Signer } from '../../../src/api/relay/sender/keys/signing.ts'
import type { Placer } from '../../../src/api/relay/sender/placement.ts'
import { isHeld, writeUnder } from '../../../src/api/relay/sender/store/leases.ts'
import { deleteOldTransactions } from '../../../src/api/relay/sender/store/oldTransactions.ts'
import { type Database, query } from '../../../src/api/relay/store/database.ts'

export const PAYMENT = 'payment'

export const createPaymentTable = `
  CREATE TABLE IF NOT EXISTS relay.payment (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recipient text NOT NULL,
    amount numeric NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'paid', 'failed')),
    tx bigint NOT NULL REFERENCES relay.tx DEFERRABLE INITIALLY DEFERRED
  )`

type Payment = { id: bigint; recipient: Address; amount: bigint; state: 'open' | 'paid' | 'failed'; tx: bigint }
type Decision = Pick<Payment, 'id' | 'tx' | 'state'>

const columns = 'payment.id, recipient, amount, payment.state, tx'

const find = (database: Database, clauses: string, values: unknown[]) =>
  query<Payment>(
    database,
    `SELECT ${columns} FROM relay.payment JOIN relay.tx AS sent ON sent.id = tx WHERE ${clauses}`,
    values,
  )

const decide = (decisions: string, from: string) => `
  UPDATE relay.payment SET state = new.state
  FROM ${from}, jsonb_to_recordset(${decisions}) AS new (id bigint, tx bigint, state text)
  WHERE payment.id = new.id AND payment.tx = new.tx AND payment.state = 'open'`

const isStranded = "payment.state = 'open' AND sent.state NOT IN ('signed', 'accepted')"

const rowsOf = (effect: string) =>
  `SELECT changed.id AS tx, ${effect}.id::text AS action FROM changed LEFT JOIN ${effect} ON ${effect}.tx = changed.id`

/** Payments of USDC base units. `log` has what the sender reports about them. */
export function createPayments({ pool, client }: SenderContext, placer: Placer, token: Address, log: string[]) {
  function callOf({ recipient, amount }: Payment): Call {
    const data = encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [recipient, amount] })
    return { to: token, data, gas: 100_000n }
  }

  async function canSucceed(payment: Payment, from: Address): Promise<boolean> {
    try {
      await answer(client.call({ account: from, ...callOf(payment) }))
      return true
    } catch (error) {
      if (revertOf(error)) return false
      throw error
    }
  }

  const kind: ActionKind<Payment, Decision> = {
    name: PAYMENT,
    hasStranded: `EXISTS (SELECT FROM relay.payment JOIN relay.tx AS sent ON sent.id = tx
      WHERE ${isStranded} AND sent.signer = signer.address)`,
    deletions: [
      deleteOldTransactions(PAYMENT, {
        isKept: "EXISTS (SELECT FROM relay.payment WHERE payment.tx = tx.id AND payment.state = 'open')",
        actions: 'payments AS (DELETE FROM relay.payment USING old WHERE payment.tx = old.id)',
      }),
    ],

    async actionsOf(txs) {
      return Map.groupBy(await find(pool, 'tx = ANY($1)', [txs]), ({ tx }) => tx)
    },

    // A filler pays nothing: the payment stays open, and `sendAnew` pays it by another transaction.
    async conclude(payments, { status }, isFiller) {
      if (isFiller) return []
      return payments.map(({ id, tx }) => ({ id, tx, state: status === 'success' ? 'paid' : 'failed' }))
    },

    store: (decisions) => ({
      text: (first) => `,
        decided AS (${decide(`$${first}`, 'changed')} AND new.tx = changed.id RETURNING payment.id, payment.tx)
        ${rowsOf('decided')}`,
      values: [stringify(decisions)],
    }),

    onDecided(decisions, changed) {
      for (const { id, state } of decisions) if (changed.has(`${id}`)) log.push(`payment ${id} ${state}`)
    },

    reopen: {
      text: () => `,
        reopened AS (UPDATE relay.payment SET state = 'open' FROM changed WHERE tx = changed.id
          RETURNING payment.id, payment.tx)
        ${rowsOf('reopened')}`,
      values: [],
    },

    async onReopened(tx) {
      for (const { id, state } of await find(pool, 'tx = $1', [tx])) log.push(`payment ${id} reopened: ${state}`)
    },

    async onFinal(txs) {
      for (const { id, state } of await find(pool, 'tx = ANY($1)', [txs])) log.push(`payment ${id} final: ${state}`)
    },

    isOverdue: async () => false,

    async callWorthSending(tx, from) {
      const [payment] = await find(pool, "tx = $1 AND payment.state = 'open'", [tx])
      return payment && (await canSucceed(payment, from)) ? callOf(payment) : undefined
    },

    // A payment has no deadline.
    giveUpExpired: async () => undefined,

    async sendAnew({ lease, account }) {
      let areAllSent = true
      for (const payment of await find(pool, `${isStranded} AND sent.signer = $1`, [lease.signer])) {
        if (!(await canSucceed(payment, lease.signer))) {
          const failed: Decision = { ...payment, state: 'failed' }
          const text = `, decided AS (${decide('$3', 'lease')} RETURNING payment.id) SELECT id FROM decided`
          await writeUnder(pool, lease, text, [stringify([failed])])
          continue
        }
        const placed =
          account &&
          (await placer.placeAgain(account, async (db) => {
            const [moved] = await query<Payment>(
              db,
              `UPDATE relay.payment SET tx = nextval('relay.tx_id')
             WHERE id = $3 AND tx = $4 AND state = 'open' AND ${isHeld} RETURNING ${columns}`,
              [lease.signer, lease.token, payment.id, payment.tx],
            )
            return moved && { tx: moved.tx, kind: PAYMENT, call: callOf(moved) }
          }))
        if (placed === undefined || typeof placed === 'string') areAllSent = false
      }
      return areAllSent
    },
  }

  return {
    kind,

    /** Stores a payment with its signed transaction, and sends nothing. */
    async place(account: Signer, recipient: Address, amount: bigint) {
      let id: bigint | undefined
      const placed = await placer.place(account, placer.quote(account), async (db) => {
        const [payment] = await query<Payment>(
          db,
          `INSERT INTO relay.payment (recipient, amount, tx) VALUES ($1, $2, nextval('relay.tx_id'))
           RETURNING ${columns}`,
          [recipient, amount],
        )
        if (!payment) throw new Error('The payment is not stored')
        id = payment.id
        return [{ tx: payment.tx, kind: PAYMENT, call: callOf(payment) }]
      })
      const [tx] = typeof placed === 'string' ? [] : placed
      if (!tx || id === undefined) throw new Error(`The signer pays nothing now: ${placed}`)
      return { id, tx }
    },
  }
}
