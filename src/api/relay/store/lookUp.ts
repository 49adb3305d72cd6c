import type pg from 'pg'
import type { Hex } from 'viem'
import { createBatcher } from '../../batcher.ts'
import { rateLimited } from '../../http/clientLimits.ts'
import type { Problem } from '../../http/errors.ts'
import type { ClaimRequest } from '../chain/market.ts'
import { bodyHashOf } from './claims.ts'
import { type Database, stored } from './database.ts'

/** How many transactions all replicas together send for a wallet. */
export type WalletLimits = { perMinute: number; perDay: number }

/** So many reverts that are an agent’s own doing pause it until the oldest is a day old. */
const MAX_REVERTS = 3

/** What an idempotency key is bound to. `isRelayed`: a transaction of this relay made the claim, or is to make it. */
type KeyBinding = { bodyHash: Hex; claimId: Hex; round: bigint; blockNumber: bigint | null; isRelayed: boolean }

/**
 * What is stored about a claim.
 * - `binding`: of the request’s idempotency key.
 * - `isRepeat`: this very request, signature included, was stored before and not refused.
 * - `waits`: seconds until each limit lets a new claim through; null where it does now.
 */
export type Stored = {
  binding: KeyBinding | undefined
  isRepeat: boolean
  waits: { minute: number | null; day: number | null; paused: number | null }
}

type Asked = { request: ClaimRequest; key: string | undefined }

/** Looks up claims in schema `relay`, those of one moment in one statement. */
export function createLookUp(pool: pg.Pool, limits: WalletLimits) {
  return createBatcher((asked: readonly Asked[]) => lookUpAll(pool, asked, limits))
}

/** The problem RATE_LIMITED if the wallet has had its share, or the agent is paused. */
export function problemOfLimits(
  { agentId, wallet }: ClaimRequest,
  { minute, day, paused }: Stored['waits'],
  limits: WalletLimits,
): Problem | undefined {
  if (paused !== null) {
    const detail = `${MAX_REVERTS} claims of agent ${agentId} passed when they were simulated and reverted in their block.`
    return rateLimited(`${detail} It is paused for a day.`, paused)
  }
  if (day !== null) return rateLimited(`${limits.perDay} claims of ${wallet} were sent within a day.`, day)
  if (minute !== null) return rateLimited(`${limits.perMinute} claims of ${wallet} were sent within a minute.`, minute)
  return undefined
}

/** Seconds until there are fewer than `limit` rows in the window; null if that is so now. */
const secondsUntil = (from: string, time: string, window: string, limit: string) => `
  (SELECT extract(epoch FROM ${time} + interval '${window}' - now())::float8 FROM ${from} AND ${time} > now() - interval '${window}'
   ORDER BY ${time} DESC OFFSET greatest(${limit} - 1, 0) LIMIT 1)`

const sentBy = 'relay.sent_claim AS sent WHERE sent.wallet = asked.wallet'

/**
 * The columns of `Stored['waits']` for a row `asked` with `wallet` and `agent_id`.
 * @param ahead how many claims of the wallet are to be sent before this one.
 */
export const waitColumns = (ahead: string, perMinute: string, perDay: string) => `
  CASE WHEN ${ahead} >= ${perMinute}::int THEN 60
    ELSE ${secondsUntil(sentBy, 'sent_at', '1 minute', `${perMinute}::int - ${ahead}`)} END AS minute,
  CASE WHEN ${ahead} >= ${perDay}::int THEN 86400
    ELSE ${secondsUntil(sentBy, 'sent_at', '1 day', `${perDay}::int - ${ahead}`)} END AS day,
  ${secondsUntil('relay.revert WHERE revert.agent_id = asked.agent_id', 'reverted_at', '1 day', String(MAX_REVERTS))} AS paused`

const lookUpText = `
  SELECT binding.body_hash, binding.claim, binding.round, binding.block_number,
    EXISTS (SELECT FROM relay.claim WHERE claim.id = binding.claim) AS is_relayed,
    EXISTS (SELECT FROM relay.claim WHERE claim.bounty_id = asked.bounty_id AND claim.agent_id = asked.agent_id
      AND claim.wallet = asked.wallet AND claim.body_hash = asked.body_hash AND state <> 'refused') AS is_stored,
    asked.body_hash = binding.body_hash AS is_bound,
    ${waitColumns('0', '$6', '$7')}
  FROM unnest($1::text[], $2::numeric[], $3::numeric[], $4::text[], $5::text[]) WITH ORDINALITY
    AS asked (key, bounty_id, agent_id, wallet, body_hash, place)
  LEFT JOIN relay.idempotency_key AS binding
    ON binding.agent_id = asked.agent_id AND binding.wallet = asked.wallet AND binding.key = asked.key
  ORDER BY place`

type Row = Stored['waits'] & {
  body_hash: Hex | null
  claim: Hex
  round: string
  block_number: string | null
  is_relayed: boolean
  is_stored: boolean
  is_bound: boolean | null
}

/** In the order of what is asked. */
async function lookUpAll(
  database: Database,
  asked: readonly Asked[],
  { perMinute, perDay }: WalletLimits,
): Promise<Stored[]> {
  const columns = [
    asked.map(({ key }) => key ?? null),
    asked.map(({ request }) => String(request.bountyId)),
    asked.map(({ request }) => String(request.agentId)),
    asked.map(({ request }) => request.wallet),
    asked.map(({ request }) => bodyHashOf(request)),
  ]
  const { rows } = await stored(database.query(lookUpText, [...columns, perMinute, perDay]))
  return (rows as Row[]).map((row) => ({
    binding: row.body_hash === null ? undefined : bindingOf(row, row.body_hash),
    isRepeat: row.is_stored || row.is_bound === true,
    waits: { minute: row.minute, day: row.day, paused: row.paused },
  }))
}

const bindingOf = ({ claim, round, block_number, is_relayed }: Row, bodyHash: Hex): KeyBinding => ({
  bodyHash,
  claimId: claim,
  round: BigInt(round),
  blockNumber: block_number === null ? null : BigInt(block_number),
  isRelayed: is_relayed,
})
