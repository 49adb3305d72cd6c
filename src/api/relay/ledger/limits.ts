import { type Refusal, rateLimited } from '../refusal.ts'

/** The most transactions for a wallet, over all replicas. */
export type WalletLimits = { perMinute: number; perDay: number }

/** So many reverts by its own fault within a day pause an agent, or a party that acts for none, until the oldest is a day old. */
const MAX_REVERTS = 3

/** Seconds until each limit allows another action; null if it allows one now. */
export type Waits = { minute: number | null; day: number | null; paused: number | null }

/** SQL: seconds until the window has fewer than `limit` rows; null if it has fewer now. */
const secondsUntil = (from: string, time: string, window: string, limit: string) => `
  (SELECT extract(epoch FROM ${time} + interval '${window}' - now())::float8 FROM ${from} AND ${time} > now() - interval '${window}'
   ORDER BY ${time} DESC OFFSET greatest(${limit} - 1, 0) LIMIT 1)`

/** SQL: the rows of a wallet, and those that reverted by the fault of a claim's agent or of an action's party. */
const SENT = 'relay.action WHERE action.party = asked.wallet'
export const REVERTS = {
  ofAgent: "relay.action WHERE kind = 'claim' AND action.agent_id = asked.agent_id",
  ofParty: "relay.action WHERE kind <> 'claim' AND action.party = asked.wallet",
}

/**
 * The columns of `Waits` for a row `asked` with `wallet`, and `agent_id` if the reverts are those of an agent.
 * @param ahead how many of the wallet's transactions are sent before this one.
 * @param reverts one of `REVERTS`.
 */
export const waitColumns = (ahead: string, perMinute: string, perDay: string, reverts: string) => `
  CASE WHEN ${ahead} >= ${perMinute}::int THEN 60
    ELSE ${secondsUntil(SENT, 'created_at', '1 minute', `${perMinute}::int - ${ahead}`)} END AS minute,
  CASE WHEN ${ahead} >= ${perDay}::int THEN 86400
    ELSE ${secondsUntil(SENT, 'created_at', '1 day', `${perDay}::int - ${ahead}`)} END AS day,
  ${secondsUntil(reverts, 'reverted_at', '1 day', String(MAX_REVERTS))} AS paused`

/** SQL: how many reverts count today. @param reverts one of `REVERTS`. */
export const countOf = (reverts: string) => `(
  SELECT count(*)::int FROM ${reverts} AND reverted_at > now() - interval '1 day')`

/** The problem RATE_LIMITED if the wallet is over its limit, or `who` is paused. */
export function refusalOfLimits(
  { wallet, who }: { wallet: string; who: string },
  { minute, day, paused }: Waits,
  { perMinute, perDay }: WalletLimits,
): Refusal | undefined {
  if (paused !== null) {
    const detail = `${MAX_REVERTS} transactions for ${who} passed when they were simulated and reverted in their block.`
    return rateLimited(`${detail} It is paused for a day.`, paused)
  }
  if (day !== null) return rateLimited(`${perDay} transactions for ${wallet} were sent within a day.`, day)
  if (minute !== null) return rateLimited(`${perMinute} transactions for ${wallet} were sent within a minute.`, minute)
  return undefined
}
