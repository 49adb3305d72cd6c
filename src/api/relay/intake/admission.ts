import type pg from 'pg'
import { rateLimited } from '../../limits/clientLimits.ts'
import { together } from '../../together.ts'
import type { ClaimRequest } from '../chain/market.ts'
import { type Database, stored } from '../store/database.ts'

/** How many claims of a wallet are sent, by all replicas together. */
export type WalletLimits = { perMinute: number; perDay: number }

/** As many reverts that are an agent's own doing pause it until the oldest is a day old. */
const MAX_REVERTS = 3

/**
 * What a claim has to pass before the node is asked about it: what has been sent for its wallet, which anybody may name
 * but only the wallet can use up, and what its agent's earlier claims have cost.
 */
export function createAdmission(pool: pg.Pool, limits: WalletLimits) {
  const standingOf = together((asked: readonly Asked[]) => standingsOf(pool, asked, limits))

  /**
   * @param key the client's own for this claim.
   * @returns `repeat` where the claim is stored, so that it costs nothing to answer: no limit is for those.
   * @throws Problem RATE_LIMITED
   */
  return async function admit(request: ClaimRequest, key: string | undefined): Promise<'new' | 'repeat'> {
    const { repeat, minute, day, paused } = await standingOf({ request, key })
    if (repeat) return 'repeat'
    if (paused !== null) {
      const detail = `${MAX_REVERTS} claims of agent ${request.agentId} passed when they were tried and reverted in their block.`
      throw rateLimited(`${detail} It is paused for a day.`, paused)
    }
    if (day !== null) throw rateLimited(`${limits.perDay} claims of ${request.wallet} were sent within a day.`, day)
    if (minute !== null)
      throw rateLimited(`${limits.perMinute} claims of ${request.wallet} were sent within a minute.`, minute)
    return 'new'
  }
}

type Asked = { request: ClaimRequest; key: string | undefined }

/** Seconds for which the claim has to wait on account of each limit; null where it need not. */
type Standing = { repeat: boolean; minute: number | null; day: number | null; paused: number | null }

/** Until the oldest of the last `count` rows is older than the window, which has room for no more of them. */
const wait = (from: string, at: string, window: string, count: string) => `
  (SELECT extract(epoch FROM ${at} + interval '${window}' - now())::float8 FROM ${from} AND ${at} > now() - interval '${window}'
   ORDER BY ${at} DESC OFFSET ${count} - 1 LIMIT 1)`

const standings = `
  SELECT EXISTS (SELECT FROM relay.idempotency_key WHERE key = asked.key) OR EXISTS (
      SELECT FROM relay.claim WHERE bounty_id = asked.bounty_id AND agent_id = asked.agent_id AND wallet = asked.wallet
        AND state <> 'refused') AS repeat,
    ${wait('relay.claim WHERE wallet = asked.wallet', 'created_at', '1 minute', '$5::int')} AS minute,
    ${wait('relay.claim WHERE wallet = asked.wallet', 'created_at', '1 day', '$6::int')} AS day,
    ${wait('relay.revert WHERE agent_id = asked.agent_id', 'reverted_at', '1 day', String(MAX_REVERTS))} AS paused
  FROM unnest($1::text[], $2::numeric[], $3::numeric[], $4::text[]) WITH ORDINALITY
    AS asked (key, bounty_id, agent_id, wallet, place)
  ORDER BY place`

/** In the order of what is asked. */
async function standingsOf(
  database: Database,
  asked: readonly Asked[],
  { perMinute, perDay }: WalletLimits,
): Promise<Standing[]> {
  const columns = [
    asked.map(({ key }) => key ?? null),
    ...(['bountyId', 'agentId', 'wallet'] as const).map((name) => asked.map(({ request }) => String(request[name]))),
  ]
  const { rows } = await stored(database.query(standings, [...columns, perMinute, perDay]))
  return rows
}
