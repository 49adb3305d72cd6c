import type pg from 'pg'
import type { Address, PublicClient } from 'viem'
import { stored } from './database.ts'
import { answer } from './rpc.ts'

/** Where a signer stands, whichever replica brought it there. */
export type SignerState = {
  signer: Address
  /** How many of its transactions are signed and not known to be mined. */
  unmined: number
  /** How many claims they make. */
  claims: number
  /** Seconds since the oldest of them was signed; 0 where there is none. */
  oldestUnmined: number
  /** Wei. */
  balance: bigint
}

/** @throws Problem RELAY_UNAVAILABLE if the node or the database does not answer. */
export async function signerStates(pool: pg.Pool, client: PublicClient, signers: Address[]): Promise<SignerState[]> {
  const text = `
    SELECT address, count(tx.id)::int AS unmined, coalesce(sum(made.claims), 0)::int AS claims,
      coalesce(extract(epoch FROM now() - min(attempt.signed_at)), 0)::float8 AS oldest
    FROM unnest($1::text[]) AS address
    LEFT JOIN relay.tx ON tx.signer = address AND state IN ('signed', 'accepted')
    LEFT JOIN LATERAL (SELECT min(signed_at) AS signed_at FROM relay.attempt WHERE attempt.tx = tx.id) AS attempt ON true
    LEFT JOIN LATERAL (SELECT count(*) AS claims FROM relay.claim WHERE claim.tx = tx.id) AS made ON true
    GROUP BY address`
  const { rows } = await stored(pool.query(text, [signers]))
  const kept = rows as { address: Address; unmined: number; claims: number; oldest: number }[]
  return Promise.all(
    kept.map(async ({ address, unmined, claims, oldest }) => {
      const balance = await answer(client.getBalance({ address }))
      return { signer: address, unmined, claims, oldestUnmined: oldest, balance }
    }),
  )
}
