import { randomUUID } from 'node:crypto'
import type { Address, Hex } from 'viem'
import { createClaimAction } from '../../../src/api/relay/claims/action.ts'
import { claimsById } from '../../../src/api/relay/claims/store/claims.ts'
import { createContexts } from '../../../src/api/relay/contexts.ts'
import { startKeeper } from '../../../src/api/relay/sender/keeper/keeper.ts'
import { createKinds, toKeeperKind } from '../../../src/api/relay/sender/keeper/kinds.ts'
import { createPlacer } from '../../../src/api/relay/sender/placement.ts'
import { createSend } from '../../../src/api/relay/sender/send.ts'
import { insertSigner } from '../../../src/api/relay/sender/store/transactions.ts'
import type { RelaySettings } from '../../../src/api/relay/settings.ts'
import { query } from '../../../src/api/relay/store/database.ts'
import { migrate } from '../../../src/api/relay/store/migrations.ts'
import { createPayments, createPaymentTable } from './payments.ts'

type StoredTx = { kind: string; state: string; nonce: bigint; attempts: bigint; fillers: bigint }

/** The sender of a process that knows two kinds of action, claims and payments. Other processes receive the claims. */
export async function openTwoKinds(settings: RelaySettings) {
  const holder = randomUUID()
  const { sender, claims } = createContexts(settings, holder)
  const { pool } = sender
  const [account] = settings.accounts
  if (!account) throw new Error('The sender needs an account')
  await migrate(pool)
  await pool.query(createPaymentTable)
  await insertSigner(pool, account.address)
  await sender.whenReady()
  const log: string[] = []
  const placer = createPlacer(sender)
  const payments = createPayments(sender, placer, settings.deployment.contracts.USDC, log)
  const kinds = createKinds(sender, [
    toKeeperKind(sender, createClaimAction(claims, placer)),
    toKeeperKind(sender, payments.kind),
  ])
  let keeper: ReturnType<typeof startKeeper> | undefined
  const send = createSend(sender, (signer) => keeper?.wake(signer))

  return {
    /** What the sender has reported about payments. */
    log,

    /** Starts the keeper, which settles both kinds. */
    keep() {
      keeper = startKeeper(sender, { holder, kinds })
    },

    /** Stores a payment of USDC base units with its signed transaction, and sends nothing. */
    place: (recipient: Address, amount: bigint) => payments.place(account, recipient, amount),

    async pay(recipient: Address, amount: bigint) {
      const placed = await payments.place(account, recipient, amount)
      await send(placed.tx)
      return placed
    },

    async paymentState(id: bigint): Promise<string | undefined> {
      const [row] = await query<{ state: string }>(pool, 'SELECT state FROM relay.payment WHERE id = $1', [id])
      return row?.state
    },

    claimState: async (claimId: Hex) => (await claimsById(pool, [claimId]))[0]?.state,

    /** All transactions, by nonce. */
    txs: () =>
      query<StoredTx>(
        pool,
        `SELECT kind, state, nonce, count(*) AS attempts, count(*) FILTER (WHERE filler) AS fillers
         FROM relay.tx JOIN relay.attempt ON attempt.tx = tx.id GROUP BY tx.id ORDER BY nonce`,
      ),

    async close() {
      await keeper?.stop()
      await pool.end()
    },
  }
}
