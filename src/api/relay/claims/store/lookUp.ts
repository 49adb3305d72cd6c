import type pg from 'pg'
import type { Hex } from 'viem'
import { createBatcher } from '../../../../../core/batcher.ts'
import { query } from '../../store/database.ts'
import { type Waits, type WalletLimits, waitColumns } from '../../store/walletLimits.ts'
import type { ClaimRequest } from '../chain/market.ts'
import { bodyHashOf } from './claims.ts'

/** The claim of an idempotency key. */
type KeyBinding = { bodyHash: Hex; claimId: Hex; round: bigint }

/**
 * What is stored about a request.
 * - `binding`: the binding of its idempotency key.
 * - `isRepeat`: the same request, including its signature, is stored and was not refused.
 */
export type Stored = Waits & { binding: KeyBinding | undefined; isRepeat: boolean }

type Asked = { request: ClaimRequest; key: string | undefined }

/** The reverts of claims count for their agent. */
export const limited = ({ agentId, wallet }: ClaimRequest) => ({ wallet, who: `agent ${agentId}` })

const lookUpText = `
  SELECT binding.body_hash AS "bodyHash", binding.claim AS "claimId", binding.round,
    coalesce(asked.body_hash = binding.body_hash, false)
      OR EXISTS (SELECT FROM relay.action WHERE run_id = asked.bounty_id AND action.agent_id = asked.agent_id
        AND party = asked.wallet AND lower(signature) IS NOT DISTINCT FROM lower(asked.signature)
        AND deadline IS NOT DISTINCT FROM asked.deadline AND state <> 'refused') AS "isRepeat",
    ${waitColumns('0', '$8', '$9')}
  FROM unnest($1::text[], $2::numeric[], $3::numeric[], $4::text[], $5::text[], $6::text[], $7::numeric[], $10::text[])
    WITH ORDINALITY AS asked (key, bounty_id, agent_id, wallet, body_hash, signature, deadline, who, place)
  LEFT JOIN relay.idempotency_key AS binding
    ON binding.agent_id = asked.agent_id AND binding.wallet = asked.wallet AND binding.key = asked.key
  ORDER BY place`

type Row = Omit<Stored, 'binding'> & (KeyBinding | { bodyHash: null })

/** Looks up claims in schema `relay`. Concurrent calls share a statement. */
export function createLookUp(pool: pg.Pool, { perMinute, perDay }: WalletLimits) {
  return createBatcher(async (asked: readonly Asked[]) => {
    const requests = asked.map(({ request }) => request)
    const rows = await query<Row>(pool, lookUpText, [
      asked.map(({ key }) => key),
      requests.map(({ bountyId }) => bountyId),
      requests.map(({ agentId }) => agentId),
      requests.map(({ wallet }) => wallet),
      requests.map(bodyHashOf),
      requests.map(({ signed }) => signed?.signature),
      requests.map(({ signed }) => signed?.deadline),
      perMinute,
      perDay,
      requests.map((request) => limited(request).who),
    ])
    return rows.map((row): Stored => ({ ...row, binding: row.bodyHash === null ? undefined : row }))
  })
}
