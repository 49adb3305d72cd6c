import type pg from 'pg'
import type { Hex } from 'viem'
import { createBatcher } from '../../../../core/batcher.ts'
import { keyConflict } from '../kinds/claims/refusal.ts'
import { type ActionRequest, type ClaimMessage, type NamedAction, UNSIGNED } from '../kinds/request.ts'
import type { Refusal } from '../refusal.ts'
import { query } from '../store/database.ts'

/** The claim of an idempotency key, or a problem IDEMPOTENCY_CONFLICT if that was made by a request with another body. */
export type Bound = NamedAction | Refusal

type Asked = { request: ActionRequest<ClaimMessage>; key: string }

const text = `
  WITH asked AS (
    SELECT * FROM unnest($1::text[], $2::numeric[], $3::numeric[], $4::text[], $5::text[], $6::numeric[])
      WITH ORDINALITY AS asked (key, run_id, agent_id, wallet, signature, deadline, place))
  SELECT bound.id, bound.round,
    coalesce(bound.run_id = asked.run_id AND lower(bound.signature) IS NOT DISTINCT FROM lower(asked.signature)
      AND bound.deadline IS NOT DISTINCT FROM asked.deadline, false) AS "hasSameBody"
  FROM asked LEFT JOIN relay.action AS bound
    ON bound.agent_id = asked.agent_id AND bound.party = asked.wallet AND bound.idempotency_key = asked.key
  ORDER BY place`

/** Creates a function that reads what the key of a claim is bound to, if it is. Concurrent calls share a statement. */
export function createKeyReader(pool: pg.Pool) {
  return createBatcher(async (asked: readonly Asked[]) => {
    const requests = asked.map(({ request }) => request)
    const rows = await query<{ id: Hex | null; round: bigint; hasSameBody: boolean }>(pool, text, [
      asked.map(({ key }) => key),
      requests.map(({ message }) => message.bountyId),
      requests.map(({ message }) => message.agentId),
      requests.map(({ message }) => message.party),
      requests.map(({ signature }) => (signature === UNSIGNED ? undefined : signature)),
      requests.map(({ message, signature }) => (signature === UNSIGNED ? undefined : message.deadline)),
    ])
    return asked.map(({ request, key }, place): Bound | undefined => {
      const row = rows[place]
      if (!row?.id) return undefined
      if (!row.hasSameBody) return keyConflict(key)
      return { actionId: row.id, request: { ...request, message: { ...request.message, round: row.round } } }
    })
  })
}
