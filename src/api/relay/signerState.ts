import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Address } from 'viem'
import { answer, unlessUnavailable } from './chain/client.ts'
import { MAX_GAS } from './chain/gas.ts'
import type { Market } from './chain/market.ts'
import { query } from './store/database.ts'
import { type Backlog, backlogOf, nextNonceOf } from './store/transactions.ts'
import type { NonceCheck } from './submission/nonceCheck.ts'
import type { Signer } from './submission/signing.ts'

/** How long the node may take: whoever looks at a process does not wait longer than a second. Milliseconds. */
const PATIENCE = 500

/** Where a signer stands, whichever replica brought it there. */
export type SignerState = Backlog & {
  signer: Address
  /** This process has no key of it: what it signed is finished, and nothing new comes. */
  isRemoved: boolean
  /** Why it rests: this process's node counts its transactions implausibly. */
  objection: string | undefined
  /** How many claims its unmined transactions make. */
  claims: number
  /** Seconds since the oldest of them was signed; 0 where there is none. */
  oldestUnmined: number
  /** Wei; undefined where the node does not say it in time. */
  balance: bigint | undefined
  /** What it may spend within 24 hours, in wei. */
  budget: bigint
  /** What a signer has to have for a claim, at twice the node's price of gas, in wei; undefined likewise. */
  claimPrice: bigint | undefined
}

type Options = { pool: pg.Pool; market: Market; accounts: Signer[]; nonceCheck: NonceCheck; dailyBudget: bigint }

/**
 * The states of this process's signers, and of others that have something unmined.
 * @throws Problem RELAY_UNAVAILABLE if the database does not answer.
 */
export async function signerStates(relay: Options): Promise<SignerState[]> {
  const { pool, market, nonceCheck, dailyBudget: budget } = relay
  const { client } = market
  const signers = relay.accounts.map(({ address }) => address)
  const text = `
    SELECT address, coalesce(sum(made.claims), 0)::int AS claims,
      coalesce(extract(epoch FROM now() - min(attempt.signed_at)), 0)::float8 AS "oldestUnmined"
    FROM relay.signer
    LEFT JOIN relay.tx ON tx.signer = address AND state IN ('signed', 'accepted')
    LEFT JOIN LATERAL (SELECT min(signed_at) AS signed_at FROM relay.attempt WHERE attempt.tx = tx.id) AS attempt ON true
    LEFT JOIN LATERAL (SELECT count(*) AS claims FROM relay.claim WHERE claim.tx = tx.id) AS made ON true
    WHERE address = ANY($1) OR tx.id IS NOT NULL
    GROUP BY address ORDER BY array_position($1, address), address`
  const gasPrice = inTime(client.getGasPrice())
  const kept = await query<{ address: Address; claims: number; oldestUnmined: number }>(pool, text, [signers])
  return Promise.all(
    kept.map(async ({ address, claims, oldestUnmined }) => {
      const asked = [backlogOf(pool, address), inTime(client.getBalance({ address })), gasPrice] as const
      const [backlog, balance, price] = await Promise.all(asked)
      const claimPrice = price === undefined ? undefined : 2n * price * MAX_GAS
      const isRemoved = !signers.includes(address)
      const objection = nonceCheck.objectionTo(address) && (await askAgain(address, backlog))
      return { ...backlog, signer: address, isRemoved, objection, claims, oldestUnmined, balance, budget, claimPrice }
    }),
  )

  /** A signer that rests may have no claim that would ask the node again. @returns what it objects to now. */
  async function askAgain(address: Address, backlog: Backlog) {
    const [nextNonce, mined, pending] = await Promise.all([
      nextNonceOf(pool, address),
      inTime(client.getTransactionCount({ address, blockTag: 'latest' })),
      inTime(client.getTransactionCount({ address, blockTag: 'pending' })),
    ])
    if (mined !== undefined && pending !== undefined)
      nonceCheck.accepts(address, nextNonce, backlog, { mined, pending })
    return nonceCheck.objectionTo(address)
  }
}

const inTime = <T>(question: Promise<T>): Promise<T | undefined> =>
  Promise.race([answer(question).catch(unlessUnavailable), sleep(PATIENCE, undefined, { ref: false })])
