import { type Refusal, rateLimited, unavailable } from '../refusal.ts'
import { type Database, query } from '../store/database.ts'

/**
 * What claims and other actions may cost within a day: parts of a million of the budget. An action that fees cover counts
 * against `perUsdc` only, which is for each USDC of them: that the agent's completed runs have paid, or that the run pays. The
 * others are those of newcomers.
 */
export type Shares = {
  wallet: bigint
  agent: bigint
  poster: bigint
  newcomers: bigint
  /**
   * Of posts, closes and expiries, and of registrations, stakes and unstakes: shares of their own, so that claims keep
   * theirs.
   */
  posts: bigint
  registrations: bigint
  /** Of the other calls that anyone may ask for. */
  anyone: bigint
  perUsdc: bigint
}

/** @property budget what all keys may spend within a day, in wei. */
export type SpendingLimits = { budget: () => bigint; shares: Shares }

const MILLION = 1_000_000n

/** A share has room for so many of the most expensive actions, however small the budget is. */
const LEAST_ACTIONS = 3n

/** When an action may be sent again that open ones leave no room for. They are soon mined. */
const RETRY_SECONDS = 2

/** When an account may try again for which a share of all has no room. */
const SHARED_RETRY_SECONDS = 60

/** The shares that all accounts have together, and what a refusal says of them. */
const sharedByAll: Record<string, string> = {
  newcomers: 'The relay sends nothing now for accounts that have paid too little in fees.',
  posts: 'The relay has spent what it spends on posts, closes and expiries within a day.',
  registrations: 'The relay has spent what it spends on registrations, stakes and unstakes within a day.',
  anyone: 'The relay has spent what it spends on finalizations, slashes and the like within a day.',
}

/** The hours that contain the last day. */
const LAST_DAY = "interval '25 hours'"

/**
 * A subject counts what some actions cost, such as those of a wallet. An action has several, unless fees cover it: the first of
 * `covers` that has room counts it alone. `fees` in USDC base units.
 */
export type Subjects = { shared: string[]; covers: { name: string; fees: bigint }[] }

/** The names of all subjects that may count the action. */
export const spendersOf = ({ shared, covers }: Subjects) => [...shared, ...covers.map(({ name }) => name)]

/**
 * A column with the rows of `Spent` for the subjects whose names the parameter has. It is a query that depends on no other
 * relation, so that it runs once.
 */
export const knownColumn = (names: string) => `(
  WITH reserved_by AS (SELECT unnest(subjects) AS name, reserve AS wei FROM relay.action WHERE state = 'open'),
  reserved AS MATERIALIZED (SELECT name, sum(wei) AS wei FROM reserved_by GROUP BY name)
  SELECT jsonb_agg(jsonb_build_object('name', name, 'wait', wait,
    'spent', coalesce(spent.wei, 0)::text, 'reserved', coalesce(reserved.wei, 0)::text))
  FROM unnest(${names}::text[]) AS asked_name (name) LEFT JOIN reserved USING (name)
  CROSS JOIN LATERAL (
    SELECT sum(wei) AS wei, extract(epoch FROM min(hour) + ${LAST_DAY} - now())::float8 AS wait
    FROM relay.spending WHERE spending.subject = name AND hour > now() - ${LAST_DAY}) AS spent)`

/** SQL that counts costs. @param costs rows with `subject` and `wei`. The order of the subjects excludes deadlocks. */
export const addSpending = (costs: string) => `
    INSERT INTO relay.spending AS known (subject, hour, wei)
    SELECT subject, date_trunc('hour', now()), sum(wei) FROM ${costs} GROUP BY subject ORDER BY subject
    ON CONFLICT (subject, hour) DO UPDATE SET wei = known.wei + excluded.wei`

/** What a subject has spent and what its open actions reserve, in wei, and the seconds until less is spent. */
export type Spent = { name: string; spent: string; reserved: string; wait: number | null }

/** What is left of the share of all newcomers, in wei; negative if transactions of several keys have exceeded it. */
export async function newcomersLeft(database: Database, { budget, shares }: SpendingLimits): Promise<bigint> {
  const text = `
    SELECT coalesce(sum(wei), 0) AS spent FROM relay.spending
    WHERE subject = 'newcomers' AND hour > now() - ${LAST_DAY}`
  const [sum] = await query<{ spent: bigint }>(database, text)
  return (budget() * shares.newcomers) / MILLION - (sum?.spent ?? 0n)
}

/** As `createSharing`, for actions that are not stored yet. */
export async function readSharing(database: Database, limits: SpendingLimits, subjects: readonly Subjects[]) {
  const text = `SELECT ${knownColumn('$1')} AS known`
  const names = [...new Set(subjects.flatMap(spendersOf))]
  const [row] = await query<{ known: Spent[] | null }>(database, text, [names])
  return createSharing(limits, row?.known ?? [])
}

/**
 * Adds up what the actions of one reservation cost their subjects.
 * @param known of all their subjects.
 */
export function createSharing({ budget, shares }: SpendingLimits, known: readonly Spent[]) {
  const subjects = new Map(
    known.map(({ name, spent, reserved, wait }) => [
      name,
      { name, wait, spent: BigInt(spent), counted: BigInt(spent) + BigInt(reserved) },
    ]),
  )

  function subjectOf(name: string) {
    const subject = subjects.get(name)
    if (!subject) throw new Error(`What ${name} has spent was not read`)
    return subject
  }
  type Subject = ReturnType<typeof subjectOf>

  function limitOf({ name }: Subject, mostCost: bigint): bigint {
    const [kind] = name.split(' ') as [Exclude<keyof Shares, 'perUsdc'>]
    const limit = (budget() * shares[kind]) / MILLION
    const least = LEAST_ACTIONS * mostCost
    return limit > least ? limit : least
  }

  function refusalOf(subject: Subject, cost: bigint, mostCost: bigint, what: string): Refusal {
    const { name, spent, wait } = subject
    const isSpent = spent + cost > limitOf(subject, mostCost)
    const ofAll = sharedByAll[name]
    if (ofAll !== undefined) {
      const retry = isSpent ? SHARED_RETRY_SECONDS : RETRY_SECONDS
      return unavailable(`${ofAll} Send it with the wallet, or later.`, undefined, retry)
    }
    const detail = isSpent
      ? `The relay has spent what it spends on ${what} of ${name} within a day.`
      : `Open ${what} of ${name} may cost what the relay spends on them within a day.`
    return rateLimited(detail, isSpent ? (wait ?? RETRY_SECONDS) : RETRY_SECONDS)
  }

  /** As `take`, but the action does not count. */
  function find({ shared, covers }: Subjects, cost: bigint, mostCost: bigint, what: string): string[] | Refusal {
    const cover = covers.find(({ name, fees }) => {
      return subjectOf(name).counted + cost <= (budget() * shares.perUsdc * fees) / MILLION / MILLION
    })
    if (cover) return [cover.name]
    const full = shared.map(subjectOf).find((one) => one.counted + cost > limitOf(one, mostCost))
    return full ? refusalOf(full, cost, mostCost, what) : shared
  }

  return {
    find,

    /**
     * Finds a share with room for the action, which counts from now on.
     * @param cost the most that it costs, in wei. @param mostCost the most that any of its kind costs. @param what names it in a
     * refusal: 'claims'.
     * @returns the subjects that count it, or why no share has room.
     */
    take(subjects: Subjects, cost: bigint, mostCost: bigint, what: string) {
      const counted = find(subjects, cost, mostCost, what)
      if (Array.isArray(counted)) for (const name of counted) subjectOf(name).counted += cost
      return counted
    },
  }
}
