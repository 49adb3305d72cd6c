/** The most transactions for a wallet, over all replicas. */
export type WalletLimits = { perMinute: number; perDay: number }

/** Seconds until the wallet may send again; null if it may now. */
export type WalletWaits = { minute: number | null; day: number | null }

/** SQL: seconds until the window has fewer than `limit` rows; null if it has fewer now. */
export const secondsUntil = (from: string, time: string, window: string, limit: string) => `
  (SELECT extract(epoch FROM ${time} + interval '${window}' - now())::float8 FROM ${from} AND ${time} > now() - interval '${window}'
   ORDER BY ${time} DESC OFFSET greatest(${limit} - 1, 0) LIMIT 1)`

const sentBy = 'relay.sent_claim AS sent WHERE sent.wallet = asked.wallet'

/**
 * The columns of `WalletWaits` for a row `asked` with `wallet`.
 * @param ahead how many of the wallet's transactions are sent before this one.
 */
export const walletWaitColumns = (ahead: string, perMinute: string, perDay: string) => `
  CASE WHEN ${ahead} >= ${perMinute}::int THEN 60
    ELSE ${secondsUntil(sentBy, 'sent_at', '1 minute', `${perMinute}::int - ${ahead}`)} END AS minute,
  CASE WHEN ${ahead} >= ${perDay}::int THEN 86400
    ELSE ${secondsUntil(sentBy, 'sent_at', '1 day', `${perDay}::int - ${ahead}`)} END AS day`
