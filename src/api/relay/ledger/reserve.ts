import type pg from 'pg'
import { Refusal } from '../refusal.ts'
import { query } from '../store/database.ts'
import { refusalOfLimits, UNDECIDED, type Waits, type WalletLimits, waitColumns } from './limits.ts'
import { type Need, readNeeds } from './needs.ts'
import { createSharing, knownColumn, type SpendingLimits, type Spent, type Subjects, spendersOf } from './spending.ts'
import { type NewRow, revertsOf, storeRows } from './storeRows.ts'

/** An action that passed its simulation and needs a nonce. */
export type Applicant = {
  row: NewRow
  /** What a refusal calls its like. */
  what: 'claims' | 'actions'
  /** The names that are locked while it is stored, beside that of its party. */
  locks: readonly string[]
  /** How many open actions and reverts of the last day there may be with it. */
  mostOpen: number
  /** The most that it costs, and the most that any of its kind costs, in wei. */
  cost: bigint
  mostCost: bigint
  subjects: Subjects
  need: Need | undefined
  /** The transaction that decided its row before, if it may be made again. */
  former?: bigint | undefined
}

/**
 * Why an action gets no nonce now.
 * - `rival`: another one with its slot or its key came first. It may be the same action.
 * - `locked`: open ones may take what it needs, or are as many as there may be.
 * - `full`: the signer has no place for it.
 * - a problem: RATE_LIMITED; RELAY_UNAVAILABLE if no share of the budget has room; the reason for which its own transaction
 *   reverted.
 */
export type Obstacle = 'rival' | 'locked' | 'full' | Refusal

/**
 * @property room of the signer. Both its functions take the place of an action among them; `take` returns its transaction, counted
 * from 0.
 */
export type Terms = {
  walletLimits: WalletLimits
  spendingLimits: SpendingLimits
  room: { fits: (place: number) => boolean; take: (place: number) => number }
}

/** An action that passes. `tx`: counted from 0. */
type Passed = { applicant: Applicant; counted: string[]; tx: number }

const isPassed = (one: Passed | Obstacle): one is Passed => typeof one === 'object' && 'counted' in one

/** The agent of a claim. */
const claimingAgentOf = ({ kind, agentId }: NewRow) => (kind === 'claim' ? agentId : null)

/**
 * Stores the actions without an obstacle, in new transactions. It locks agents and parties until the database transaction ends,
 * so that no other process decides on outdated rows. It does not lock posters or newcomers, so that actions of all agents need
 * not wait for each other: concurrent transactions may together pass these two limits.
 * @returns the transaction of each, or why it has none, in the order of the actions.
 */
export async function reserve(
  db: pg.PoolClient,
  applicants: readonly Applicant[],
  terms: Terms,
): Promise<(bigint | Obstacle)[]> {
  await lockNames(
    db,
    applicants.flatMap(({ row, locks }) => (row.party ? [`wallet ${row.party}`, ...locks] : locks)),
  )
  const { limits, sharing } = await readLimits(db, applicants, terms)
  const needs = await readNeeds(
    db,
    applicants.flatMap(({ need }) => need ?? []),
  )
  /** Those that pass, and their slots and keys. */
  const added: NewRow[] = []
  const taken = new Set<string | undefined>()

  /** The subjects that count the action and its transaction, or why it does not pass. */
  function decide(applicant: Applicant, place: number): Passed | Obstacle {
    const { row, what, mostOpen, cost, mostCost, subjects, need } = applicant
    const limit = limits[place]
    if (!limit) throw new Error(`The limits of ${row.id} were not read`)
    const key = row.key && `${row.key} of ${row.agentId} ${row.party}`
    if (limit.isBound || taken.has(row.slot) || (key && taken.has(key))) return 'rival'
    if (row.party) {
      const refusal = refusalOfLimits(row.party, claimingAgentOf(row), limit, terms.walletLimits)
      if (refusal) return refusal
      const agentId = claimingAgentOf(row)
      const ahead = added.filter(
        (one) => one.party === row.party || (agentId !== null && claimingAgentOf(one) === agentId),
      )
      if (limit.undecided + ahead.length >= mostOpen) return 'locked'
    }
    if (need && !needs.isMet(need)) return 'locked'
    if (!terms.room.fits(place)) return 'full'
    const counted = sharing.take(subjects, cost, mostCost, what)
    if (counted instanceof Refusal) return counted
    if (need) needs.take(need)
    added.push(row)
    taken.add(row.slot).add(key)
    return { applicant, counted, tx: terms.room.take(place) }
  }

  const decided = applicants.map(decide)
  const rows = decided.flatMap((one) => {
    if (!isPassed(one)) return []
    const { applicant, counted, tx } = one
    const { row, cost, former } = applicant
    return [{ ...row, former, reserve: cost, counted, place: tx }]
  })
  const stored = await storeRows(db, rows)
  const reverted = await revertsOf(
    db,
    rows.flatMap(({ id }) => (stored.has(id) ? [] : id)),
  )
  return decided.map((one, place) => {
    const id = applicants[place]?.row.id ?? '0x'
    return isPassed(one) ? (stored.get(id) ?? reverted.get(id) ?? 'rival') : one
  })
}

/** Locks names until the transaction ends. All processes use one order, which excludes deadlocks. */
async function lockNames(db: pg.PoolClient, names: readonly string[]) {
  const text = `
    SELECT pg_advisory_xact_lock(id) FROM (
      SELECT DISTINCT hashtextextended(name, 0) AS id FROM unnest($1::text[]) AS name ORDER BY id) AS locks`
  await query(db, text, [names])
}

/**
 * What the limits of each action are, whether its idempotency key is bound, and what their subjects have spent. They are read in the transaction that stores the
 * actions, so that concurrent requests cannot pass a limit together. Open actions and reverts count together: each open one
 * may still revert.
 */
async function readLimits(db: pg.PoolClient, applicants: readonly Applicant[], terms: Terms) {
  const { walletLimits, spendingLimits } = terms
  const text = `
    SELECT ${waitColumns},
      (${UNDECIDED})::int AS undecided,
      EXISTS (SELECT FROM relay.action AS bound WHERE bound.agent_id = asked.agent_id
        AND bound.party = asked.wallet AND bound.idempotency_key = asked.key) AS "isBound",
      CASE WHEN place = 1 THEN ${knownColumn('$5')} END AS known
    FROM (SELECT *, (row_number() OVER (PARTITION BY wallet ORDER BY place) - 1)::int AS ahead
      FROM unnest($1::text[], $2::numeric[], $6::text[]) WITH ORDINALITY AS new (wallet, agent_id, key, place)) AS asked
    ORDER BY place`
  const limits = await query<Waits & { undecided: number; isBound: boolean; known: Spent[] | null }>(db, text, [
    applicants.map(({ row }) => row.party),
    applicants.map(({ row }) => claimingAgentOf(row)),
    walletLimits.perMinute,
    walletLimits.perDay,
    [...new Set(applicants.flatMap(({ subjects }) => spendersOf(subjects)))],
    applicants.map(({ row }) => row.key),
  ])
  return { limits, sharing: createSharing(spendingLimits, limits[0]?.known ?? []) }
}
