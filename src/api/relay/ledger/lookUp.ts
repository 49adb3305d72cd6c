import type pg from 'pg'
import type { Hex } from 'viem'
import { createBatcher } from '../../../../core/batcher.ts'
import { keyConflict } from '../kinds/claims/refusal.ts'
import { type ActionRequest, claimantOf, type NamedAction, UNSIGNED } from '../kinds/request.ts'
import type { Refusal } from '../refusal.ts'
import { query } from '../store/database.ts'
import { refusalOfLimits, type Waits, type WalletLimits, waitColumns } from './limits.ts'

/**
 * What is stored about a request itself.
 * - `bound`: the claim of its idempotency key, or a problem IDEMPOTENCY_CONFLICT if that was made by a request with another body.
 * - `limit`: why its party, or the agent of a claim, may send nothing now.
 */
export type Known = { bound?: NamedAction | Refusal | null; limit?: Refusal | undefined }

type Asked = { request: ActionRequest; key: string | undefined }

type Row = Waits & { id: Hex | null; round: bigint; hasSameBody: boolean }

const text = `
  WITH asked AS (
    SELECT * FROM unnest($1::text[], $2::numeric[], $3::numeric[], $4::text[], $5::text[], $6::numeric[])
      WITH ORDINALITY AS asked (key, run_id, agent_id, wallet, signature, deadline, place))
  SELECT bound.id, bound.round,
    coalesce(bound.run_id = asked.run_id AND lower(bound.signature) IS NOT DISTINCT FROM lower(asked.signature)
      AND bound.deadline IS NOT DISTINCT FROM asked.deadline, false) AS "hasSameBody",
    ${waitColumns('0', '$7', '$8')}
  FROM asked LEFT JOIN relay.action AS bound
    ON bound.agent_id = asked.agent_id AND bound.party = asked.wallet AND bound.idempotency_key = asked.key
  ORDER BY place`

/** Looks up requests of accounts in schema `relay`. Concurrent calls share a statement. */
export function createLookUp(pool: pg.Pool, limits: WalletLimits) {
  return createBatcher(async (asked: readonly Asked[]) => {
    const requests = asked.map(({ request }) => request)
    const rows = await query<Row>(pool, text, [
      asked.map(({ key }) => key),
      requests.map(({ message }) => ('bountyId' in message ? message.bountyId : undefined)),
      requests.map(({ message }) => claimantOf(message)),
      requests.map(({ message }) => message.party),
      requests.map(({ signature }) => (signature === UNSIGNED ? undefined : signature)),
      requests.map(({ message, signature }) => (signature === UNSIGNED ? undefined : message.deadline)),
      limits.perMinute,
      limits.perDay,
    ])
    return asked.map(({ request, key = '' }, place): Known => {
      const row = rows[place]
      if (!row) throw new Error(`The limits of ${request.message.party} were not read`)
      const { message } = request
      const { id, round, hasSameBody } = row
      const bound = id && { actionId: id, request: { ...request, message: { ...message, round } } }
      return {
        bound: bound && (hasSameBody ? bound : keyConflict(key)),
        limit: refusalOfLimits(message.party, claimantOf(message), row, limits),
      }
    })
  })
}
