import type pg from 'pg'
import { Refusal, rateLimited } from '../../refusal.ts'
import { actionTables } from '../../store/actionTables.ts'
import { type Database, query } from '../../store/database.ts'
import { lockNames } from '../../store/locks.ts'
import { createSharing, type Known, knownColumn, type SpendingLimits, spendersOf } from '../../store/spending.ts'
import { type WalletLimits, type WalletWaits, walletWaitColumns } from '../../store/walletLimits.ts'
import type { ActionForm, Examined } from '../form.ts'
import type { Message, NamedAction } from '../request.ts'

/** An action that passed its simulation and needs a nonce. */
export type Candidate<M extends Message = Message> = Examined & {
  action: NamedAction<M>
  gas: bigint
  /** The fees that the agent's completed runs have paid, in USDC base units. */
  fees: bigint
  /** The transaction that had decided it when it was simulated: of a call that can be made again. */
  former?: bigint | undefined
}

/** @property price the most that a transaction offers per gas, in wei. */
export type Terms = { price: bigint; walletLimits: WalletLimits; spendingLimits: SpendingLimits }

/** What reads and counts the shares of an action. */
type Sharing = Pick<Terms, 'price' | 'spendingLimits'>

/** So many reverts by a party's own fault within a day pause it until the oldest is a day old. */
const MAX_REVERTS = 3

/**
 * How many open actions of all kinds a party may have, with its reverts of the last day. An action that runs code of its party may use
 * all the gas of its transaction, because the code can tell a block from any simulation.
 */
const MOST_OPEN = { ofKey: 30, ofContract: 8 }

type Limits = WalletWaits & { open: number; reverts: number }

const asked = '(SELECT $1::text AS wallet) AS asked'

/** The kinds that an account has signed. One limit counts them all. */
const signedTables = [actionTables['run action'], actionTables['account action']]

/** SQL: for how many actions of the wallet the condition holds. */
const countInAll = (condition: string) =>
  signedTables.map((table) => `(SELECT count(*) FROM ${table} WHERE party = asked.wallet AND ${condition})`).join(' + ')

function refusalOfLimits(party: string, { minute, day, reverts }: Limits, limits: WalletLimits): Refusal | undefined {
  if (reverts >= MAX_REVERTS) {
    const detail = `${reverts} actions of ${party} passed when they were simulated and reverted in their block.`
    return rateLimited(`${detail} It is paused for a day.`, 86_400)
  }
  if (day !== null) return rateLimited(`${limits.perDay} transactions for ${party} were sent within a day.`, day)
  if (minute !== null)
    return rateLimited(`${limits.perMinute} transactions for ${party} were sent within a minute.`, minute)
  return undefined
}

/** Stores the actions of a kind, within the limits of their parties. */
export function createReservation<M extends Message>(form: ActionForm<M>) {
  const { table, columns, subject, mostGas, isRepeatable, hasParty } = form
  const limitColumns = `
    ${walletWaitColumns('0', '$2', '$3')},
    (${countInAll("state = 'open'")})::int AS open,
    (${countInAll("reverted_at > now() - interval '1 day'")})::int AS reverts`

  const common = ['id', 'name', 'party', 'deadline', 'signature', 'reserve', 'subjects']
  const types = ['text', 'text', 'text', 'numeric', 'text', 'numeric', 'text[]', ...Object.values(columns)]
  const names = [...common, ...Object.keys(columns)]
  const selected = names.map((name, place) => `$${place + 1}::${types[place]} AS ${name}`)
  const anew = `reserve = excluded.reserve, subjects = excluded.subjects, tx = excluded.tx, state = 'open', tx_hash = NULL,
    block_number = NULL, result = NULL, problem = NULL, reverted_at = NULL, created_at = now()`
  /** One of a party's actions about the same is open at a time. */
  const insert = `
    WITH new AS (SELECT ${selected.join()}),
    stored AS (
      INSERT INTO ${table} AS action (${names.join()}, tx) SELECT new.*, nextval('relay.tx_id') FROM new
      WHERE NOT EXISTS (SELECT FROM ${table} AS other
        WHERE other.party = new.party AND other.${subject.column} = new.${subject.column} AND other.state = 'open')
      ON CONFLICT (id) DO ${isRepeatable ? `UPDATE SET ${anew} WHERE action.state <> 'open' AND action.tx = $${names.length + 1}` : 'NOTHING'}
      RETURNING party, tx),
    counted AS (INSERT INTO relay.sent_claim (wallet) SELECT party FROM stored WHERE ${hasParty})
    SELECT tx FROM stored`

  const sharingOf = (known: readonly Known[], { price, spendingLimits }: Sharing) =>
    createSharing(spendingLimits, 'actions', mostGas * price, known)

  return {
    /**
     * Why no share of the budget has room for the most that the action may cost: what is refused then is not simulated.
     * @returns undefined if one has. When the action is stored, what it costs by its gas limit counts.
     */
    async refusalOfShares(
      database: Database,
      candidate: Omit<Candidate<M>, 'gas'>,
      terms: Sharing,
    ): Promise<Refusal | undefined> {
      const { message } = candidate.action.request
      const subjects = form.subjectsOf(message, candidate)
      const text = `SELECT ${knownColumn('$1')} AS known`
      const [row] = await query<{ known: Known[] }>(database, text, [spendersOf(subjects)])
      if (!row) throw new Error(`What ${message.party} has spent was not read`)
      const share = sharingOf(row.known, terms).take(subjects, form.mostGasOf(message) * terms.price)
      return share instanceof Refusal ? share : undefined
    },

    /** Why the party may send no action now. */
    async refusalOfParty(database: Database, { request }: NamedAction<M>, limits: WalletLimits) {
      if (!hasParty) return undefined
      const { party } = request.message
      const values = [party, limits.perMinute, limits.perDay]
      const [row] = await query<Limits>(database, `SELECT ${limitColumns} FROM ${asked}`, values)
      return row && refusalOfLimits(party, row, limits)
    },

    /**
     * Locks the parties of actions, and what else these depend on, until the database transaction ends, so that no other
     * process decides on outdated rows. All at once, because their order excludes deadlocks.
     */
    async lock(db: pg.PoolClient, candidates: readonly Candidate<M>[]): Promise<void> {
      const names = candidates.flatMap((candidate) => {
        const { message } = candidate.action.request
        const locks = form.locksOf(message, candidate)
        return hasParty ? [`wallet ${message.party}`, ...locks] : locks
      })
      await lockNames(db, names)
    },

    /**
     * Stores a locked action in a new transaction, if nothing is against it.
     * @returns the id of the transaction, or:
     * - `rival`: this action is stored, or another one of the party about the same is open.
     * - `locked`: the party has as many open actions as it may have, or pending transactions may take what this one needs.
     * - a problem: RATE_LIMITED, or RELAY_UNAVAILABLE if no share of the budget has room.
     */
    async reserve(
      db: pg.PoolClient,
      candidate: Candidate<M>,
      terms: Terms,
    ): Promise<{ tx: bigint } | 'rival' | 'locked' | Refusal> {
      const { action, gas, runsWalletCode } = candidate
      const { walletLimits } = terms
      const { message, signature } = action.request
      const { party } = message
      const subjects = form.subjectsOf(message, candidate)
      const [row] = await query<Limits & { known: Known[] }>(
        db,
        `SELECT ${limitColumns}, ${knownColumn('$4')} AS known FROM ${asked}`,
        [party, walletLimits.perMinute, walletLimits.perDay, spendersOf(subjects)],
      )
      if (!row) throw new Error(`The limits of ${party} were not read`)
      const limit = hasParty && refusalOfLimits(party, row, walletLimits)
      if (limit) return limit
      const mostOpen = runsWalletCode ? MOST_OPEN.ofContract : MOST_OPEN.ofKey
      if (hasParty && row.open + row.reverts >= mostOpen) return 'locked'
      if (await form.isShort(db, message, candidate)) return 'locked'
      const cost = gas * terms.price
      const share = sharingOf(row.known, terms).take(subjects, cost)
      if (share instanceof Refusal) return share
      const values = [action.actionId, message.action, party, message.deadline, signature, cost, share.counted]
      const former = isRepeatable ? [candidate.former ?? null] : []
      const [stored] = await query<{ tx: bigint }>(db, insert, [...values, ...form.valuesOf(message), ...former])
      return stored ?? 'rival'
    },
  }
}
