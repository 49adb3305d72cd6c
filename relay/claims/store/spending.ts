import { type Refusal, rateLimited } from '../../refusal.ts'
import { MOST_RESERVED_GAS } from '../chain/gas.ts'

/** What claims of a wallet, an agent or a poster may cost within a day: parts of a million of the budget. */
export type Shares = { wallet: bigint; agent: bigint; poster: bigint }

/** @property budget what all keys may spend within a day, in wei. */
export type SpendingLimits = { budget: () => bigint; shares: Shares }

/** A share has room for so many claims, however small the budget is. */
const LEAST_CLAIMS = 3n

/** When a claim may be sent again that open claims leave no room for. They are soon mined. */
const RETRY_SECONDS = 2

/** The subjects that a row of claims names, as `named`. */
const subjectsOf = (row: string) => `LATERAL (VALUES
  ('wallet ' || ${row}.wallet), ('agent ' || ${row}.agent_id), ('poster ' || ${row}.poster)) AS named (subject)`

/**
 * Counts the costs of mined transactions for the subjects of their claims, in equal parts: the claims of a transaction take
 * about the same gas. It follows `changed` of `Effect`. The order of the subjects excludes deadlocks.
 */
export const countSpending = `
  cost AS (
    SELECT claim.wallet, claim.agent_id, claim.poster, ceil(changed.fee / count(*) OVER (PARTITION BY changed.id)) AS wei
    FROM changed JOIN relay.claim ON claim.tx = changed.id),
  counted AS (
    INSERT INTO relay.spending AS known (subject, hour, wei)
    SELECT subject, date_trunc('hour', now()), sum(wei) FROM cost, ${subjectsOf('cost')}
    WHERE subject IS NOT NULL GROUP BY subject ORDER BY subject
    ON CONFLICT (subject, hour) DO UPDATE SET wei = known.wei + excluded.wei)`

/** The hours that contain the last day. */
const LAST_DAY = "interval '25 hours'"

/**
 * The relation `known` with the subjects of the relation `asked`: what they have spent and what their open claims reserve,
 * in wei, and the seconds until less is spent. It follows a relation of the same statement.
 */
export const knownSpending = `
  subject AS MATERIALIZED (SELECT DISTINCT subject AS name FROM asked, ${subjectsOf('asked')}),
  reserved AS MATERIALIZED (
    SELECT subject AS name, sum(reserve) AS wei FROM relay.claim, ${subjectsOf('claim')}
    WHERE state = 'open' GROUP BY subject),
  known AS MATERIALIZED (
    SELECT name, coalesce(spent.wei, 0) AS spent, coalesce(reserved.wei, 0) AS reserved, spent.wait
    FROM subject LEFT JOIN reserved USING (name)
    CROSS JOIN LATERAL (
      SELECT sum(wei) AS wei, extract(epoch FROM min(hour) + ${LAST_DAY} - now())::float8 AS wait
      FROM relay.spending WHERE subject = name AND hour > now() - ${LAST_DAY}) AS spent)`

/** A column with the rows of `known` that `asked` names. */
export const knownColumn = `(SELECT jsonb_agg(jsonb_build_object(
    'name', name, 'spent', spent::text, 'reserved', reserved::text, 'wait', wait))
  FROM known, ${subjectsOf('asked')} WHERE name = subject) AS known`

/** A row of `known`, as JSON. */
export type Known = { name: string; spent: string; reserved: string; wait: number | null }

/** Adds up what the claims of one reservation cost their subjects. @param price the most per gas, in wei. */
export function createSharing({ budget, shares }: SpendingLimits, price: bigint) {
  const added = new Map<string, bigint>()
  const least = LEAST_CLAIMS * MOST_RESERVED_GAS * price

  function limitOf(name: string): bigint {
    const share = shares[name.slice(0, name.indexOf(' ')) as keyof Shares]
    const limit = (budget() * share) / 1_000_000n
    return limit > least ? limit : least
  }

  return {
    /** Why a claim at this cost has to wait for the shares of its subjects. Else it counts from now on. */
    refuse(known: readonly Known[], cost: bigint): Refusal | undefined {
      for (const { name, spent, reserved, wait } of known) {
        const limit = limitOf(name)
        const spentBefore = BigInt(spent)
        if (spentBefore + BigInt(reserved) + (added.get(name) ?? 0n) + cost <= limit) continue
        const detail = `The relay has spent what it spends on claims of ${name} within a day.`
        if (spentBefore + cost > limit) return rateLimited(detail, wait ?? RETRY_SECONDS)
        return rateLimited(`Open claims of ${name} may cost what the relay spends on them within a day.`, RETRY_SECONDS)
      }
      for (const { name } of known) added.set(name, (added.get(name) ?? 0n) + cost)
      return undefined
    },
  }
}
