import { type Refusal, rateLimited } from '../refusal.ts'

/** The most transactions for a wallet, over all replicas. */
export type WalletLimits = { perMinute: number; perDay: number }

/** So many reverts by its own fault within a day pause an account, and an agent, until the oldest is a day old. */
const MAX_REVERTS = 3

/** Seconds until each limit allows another action; null if it allows one now. */
export type Waits = { minute: number | null; day: number | null; paused: number | null }

/** SQL: seconds until the window has fewer than `limit` rows; null if it has fewer now. */
const secondsUntil = (from: string, time: string, window: string, limit: string) => `
  (SELECT extract(epoch FROM ${time} + interval '${window}' - now())::float8 FROM ${from} AND ${time} > now() - interval '${window}'
   ORDER BY ${time} DESC OFFSET greatest(${limit} - 1, 0) LIMIT 1)`

const SENT = 'relay.action WHERE action.party = asked.wallet'

/** SQL: the rows of which the open ones and the reverts count together: all of the account, and the claims of a claim's agent. */
const COUNTED = `relay.action
  WHERE (action.party = asked.wallet OR action.kind = 'claim' AND action.agent_id = asked.agent_id)`

/**
 * The columns of `Waits` for a row `asked` with `wallet`, with `agent_id`, which is null unless it is of a claim, and with
 * `ahead`, how many of the wallet's transactions are sent before this one. `$3` and `$4` are the limits.
 */
export const waitColumns = `
  CASE WHEN asked.ahead >= $3::int THEN 60
    ELSE ${secondsUntil(SENT, 'created_at', '1 minute', '$3::int - asked.ahead')} END AS minute,
  CASE WHEN asked.ahead >= $4::int THEN 86400
    ELSE ${secondsUntil(SENT, 'created_at', '1 day', '$4::int - asked.ahead')} END AS day,
  ${secondsUntil(COUNTED, 'reverted_at', '1 day', String(MAX_REVERTS))} AS paused`

/** SQL: how many are open, or reverted within a day. */
export const UNDECIDED = `(
  SELECT count(*) FROM ${COUNTED} AND state = 'open') + (
  SELECT count(*) FROM ${COUNTED} AND reverted_at > now() - interval '1 day')`

/** The problem RATE_LIMITED if the wallet is over its limit, or it or the claim's agent is paused. */
export function refusalOfLimits(
  wallet: string,
  agentId: bigint | null,
  { minute, day, paused }: Waits,
  { perMinute, perDay }: WalletLimits,
): Refusal | undefined {
  if (paused !== null) {
    const who = agentId === null ? wallet : `${wallet} or agent ${agentId}`
    const detail = `${MAX_REVERTS} transactions for ${who} passed when they were simulated and reverted in their block.`
    return rateLimited(`${detail} It is paused for a day.`, paused)
  }
  if (day !== null) return rateLimited(`${perDay} transactions for ${wallet} were sent within a day.`, day)
  if (minute !== null) return rateLimited(`${perMinute} transactions for ${wallet} were sent within a minute.`, minute)
  return undefined
}
