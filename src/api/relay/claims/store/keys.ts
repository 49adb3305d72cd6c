import type pg from 'pg'
import { type Database, query, transaction } from '../../store/database.ts'
import { lockNames } from '../../store/locks.ts'
import type { ClaimRequest, NamedClaim } from '../chain/market.ts'
import { bodyHashOf } from './claims.ts'

/** The claim of an idempotency key. `blockNumber`: where the claim was won, if no transaction of the relay made it. */
type Binding = NamedClaim & { key: string; blockNumber?: bigint | undefined }

/** A refused claim may be made again with another key, and after three reverts of its own its agent is paused. */
const MAX_KEYS_OF_CLAIM = 3

const insertion = (condition: string) => `
  INSERT INTO relay.idempotency_key (agent_id, wallet, key, body_hash, claim, round, block_number)
  SELECT $1::numeric, $2, $3, $4, $5, $6::bigint, $7::bigint WHERE ${condition} ON CONFLICT DO NOTHING`

const keysOfClaim = 'FROM relay.idempotency_key WHERE claim = $5'

const valuesOf = ({ key, request, claimId, round, blockNumber }: Binding) => {
  const { agentId, wallet } = request
  return [agentId, wallet, key, bodyHashOf(request), claimId, round, blockNumber]
}

/** The lock of a wallet, which covers its keys and the keys of its claims. */
export const lockOfWallet = ({ wallet }: ClaimRequest) => `wallet ${wallet}`

/**
 * Binds the key of the request that makes the claim, in the transaction that stores the claim and locks its wallet. Only
 * this binds the keys of a relayed claim: once it is sent, its body is public, and anyone may repeat it with any key.
 */
export const bindKey = (db: pg.PoolClient, binding: Binding) =>
  query(db, insertion(`(SELECT count(*) ${keysOfClaim}) < ${MAX_KEYS_OF_CLAIM}`), valuesOf(binding))

/**
 * Binds the key to a claim that the chain shows, if no transaction of the relay made the claim, and no key is bound to it:
 * its signature is of this wallet, and was not necessarily published.
 * @returns the hash of the request to which the key is bound now; undefined if it is not.
 */
export const bindUnrelayedKey = (pool: pg.Pool, binding: Binding): Promise<string | undefined> =>
  transaction(pool, async (db) => {
    const { request, key } = binding
    await lockNames(db, [lockOfWallet(request)])
    const isRelayed = 'EXISTS (SELECT FROM relay.claim WHERE id = $5)'
    await query(db, insertion(`NOT ${isRelayed} AND NOT EXISTS (SELECT ${keysOfClaim})`), valuesOf(binding))
    const text = `SELECT body_hash AS "bodyHash" FROM relay.idempotency_key
      WHERE agent_id = $1 AND wallet = $2 AND key = $3`
    const [bound] = await query<{ bodyHash: string }>(db, text, [request.agentId, request.wallet, key])
    return bound?.bodyHash
  })

/** Frees a key whose claim a reorg removed, if no transaction of the relay can make the claim again. */
export const unbindKey = (database: Database, { agentId, wallet }: ClaimRequest, key: string) =>
  query(
    database,
    `DELETE FROM relay.idempotency_key AS bound WHERE agent_id = $1 AND wallet = $2 AND key = $3
     AND NOT EXISTS (SELECT FROM relay.claim WHERE claim.id = bound.claim)`,
    [agentId, wallet, key],
  )
