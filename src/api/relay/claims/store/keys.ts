import type pg from 'pg'
import { query } from '../../store/database.ts'
import type { ClaimRequest, NamedClaim } from '../chain/market.ts'
import { bodyHashOf } from './claims.ts'

/** A refused claim may be made again with another key, and after three reverts of its own its agent is paused. */
const MAX_KEYS_OF_CLAIM = 3

/** The lock of a wallet, which covers its keys and the keys of its claims. */
export const lockOfWallet = ({ wallet }: ClaimRequest) => `wallet ${wallet}`

/**
 * Binds the key of the request that makes the claim, in the transaction that stores the claim and locks its wallet. Only
 * this binds keys: once a claim is sent, its body is public, and anyone may repeat it with any key.
 */
export function bindKey(db: pg.PoolClient, { key, request, claimId, round }: NamedClaim & { key: string }) {
  const text = `
    INSERT INTO relay.idempotency_key (agent_id, wallet, key, body_hash, claim, round)
    SELECT $1::numeric, $2, $3, $4, $5, $6::bigint
    WHERE (SELECT count(*) FROM relay.idempotency_key WHERE claim = $5) < ${MAX_KEYS_OF_CLAIM} ON CONFLICT DO NOTHING`
  return query(db, text, [request.agentId, request.wallet, key, bodyHashOf(request), claimId, round])
}
