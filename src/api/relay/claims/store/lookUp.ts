import type pg from 'pg'
import type { Hex } from 'viem'
import { createBatcher } from '../../../../../core/batcher.ts'
import { type Refusal, rateLimited } from '../../refusal.ts'
import { query } from '../../store/database.ts'
import { secondsUntil, type WalletLimits, type WalletWaits, walletWaitColumns } from '../../store/walletLimits.ts'
import type { ClaimRequest } from '../chain/market.ts'
import { bodyHashOf } from './claims.ts'

/** So many reverts by an agent’s own fault within a day pause it until the oldest is a day old. */
const MAX_REVERTS = 3

/** The claim of an idempotency key. */
type KeyBinding = { bodyHash: Hex; claimId: Hex; round: bigint }

/** Seconds until each limit allows a new claim; null if it allows one now. */
export type Waits = WalletWaits & { paused: number | null }

/**
 * What is stored about a request.
 * - `binding`: the binding of its idempotency key.
 * - `isRepeat`: the same request, including its signature, is stored and was not refused.
 */
export type Stored = Waits & { binding: KeyBinding | undefined; isRepeat: boolean }

type Asked = { request: ClaimRequest; key: string | undefined }

/** The problem RATE_LIMITED if the wallet is over its limit or the agent is paused. */
export function refusalOfLimits(
  { agentId, wallet }: ClaimRequest,
  { minute, day, paused }: Waits,
  limits: WalletLimits,
): Refusal | undefined {
  if (paused !== null) {
    const detail = `${MAX_REVERTS} claims of agent ${agentId} passed when they were simulated and reverted in their block.`
    return rateLimited(`${detail} It is paused for a day.`, paused)
  }
  if (day !== null) return rateLimited(`${limits.perDay} claims of ${wallet} were sent within a day.`, day)
  if (minute !== null) return rateLimited(`${limits.perMinute} claims of ${wallet} were sent within a minute.`, minute)
  return undefined
}

/**
 * The columns of `Waits` for a row `asked` with `wallet` and `agent_id`.
 * @param ahead the number of the wallet's claims that are sent before this one.
 */
export const waitColumns = (ahead: string, perMinute: string, perDay: string) => `
  ${walletWaitColumns(ahead, perMinute, perDay)},
  ${secondsUntil('relay.revert WHERE revert.agent_id = asked.agent_id', 'reverted_at', '1 day', String(MAX_REVERTS))} AS paused`

const lookUpText = `
  SELECT binding.body_hash AS "bodyHash", binding.claim AS "claimId", binding.round,
    coalesce(asked.body_hash = binding.body_hash, false)
      OR EXISTS (SELECT FROM relay.action WHERE run_id = asked.bounty_id AND action.agent_id = asked.agent_id
        AND party = asked.wallet AND lower(signature) IS NOT DISTINCT FROM lower(asked.signature)
        AND deadline IS NOT DISTINCT FROM asked.deadline AND state <> 'refused') AS "isRepeat",
    ${waitColumns('0', '$8', '$9')}
  FROM unnest($1::text[], $2::numeric[], $3::numeric[], $4::text[], $5::text[], $6::text[], $7::numeric[]) WITH ORDINALITY
    AS asked (key, bounty_id, agent_id, wallet, body_hash, signature, deadline, place)
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
    ])
    return rows.map((row): Stored => ({ ...row, binding: row.bodyHash === null ? undefined : row }))
  })
}
