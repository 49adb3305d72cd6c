import type pg from 'pg'
import type { Hex } from 'viem'
import { createBatcher } from '../../../../core/batcher.ts'
import type { ClaimRequest } from '../kinds/claims/message.ts'
import { UNSIGNED } from '../kinds/request.ts'
import { type Waits, type WalletLimits, waitColumns } from '../ledger/limits.ts'
import { query } from '../store/database.ts'

/** The claim of an idempotency key. `hasSameBody`: it was made by the same request, including its signature. */
type KeyBinding = { actionId: Hex; round: bigint; hasSameBody: boolean }

/** What is stored about a request. `binding`: the claim of its idempotency key. */
export type Stored = Waits & { binding: KeyBinding | undefined }

type Asked = { request: ClaimRequest; key: string | undefined }

const lookUpText = `
  WITH asked AS (
    SELECT * FROM unnest($1::text[], $2::numeric[], $3::numeric[], $4::text[], $5::text[], $6::numeric[])
      WITH ORDINALITY AS asked (key, run_id, agent_id, wallet, signature, deadline, place))
  SELECT bound.id AS "actionId", bound.round,
    coalesce(bound.run_id = asked.run_id AND lower(bound.signature) IS NOT DISTINCT FROM lower(asked.signature)
      AND bound.deadline IS NOT DISTINCT FROM asked.deadline, false) AS "hasSameBody",
    ${waitColumns('0', '$7', '$8')}
  FROM asked LEFT JOIN relay.action AS bound
    ON bound.agent_id = asked.agent_id AND bound.party = asked.wallet AND bound.idempotency_key = asked.key
  ORDER BY place`

type Row = Waits & (KeyBinding | { actionId: null; hasSameBody: false })

/** Looks up claims in schema `relay`. Concurrent calls share a statement. */
export function createLookUp(pool: pg.Pool, { perMinute, perDay }: WalletLimits) {
  return createBatcher(async (asked: readonly Asked[]) => {
    const requests = asked.map(({ request }) => request)
    const rows = await query<Row>(pool, lookUpText, [
      asked.map(({ key }) => key),
      requests.map(({ message }) => message.bountyId),
      requests.map(({ message }) => message.agentId),
      requests.map(({ message }) => message.party),
      requests.map(({ signature }) => (signature === UNSIGNED ? undefined : signature)),
      requests.map(({ message, signature }) => (signature === UNSIGNED ? undefined : message.deadline)),
      perMinute,
      perDay,
    ])
    return rows.map((row): Stored => ({ ...row, binding: row.actionId === null ? undefined : row }))
  })
}
