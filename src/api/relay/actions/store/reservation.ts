import type pg from 'pg'
import { stringify } from 'viem'
import type { Examined, Kind, Kinds } from '../../kinds/kind.ts'
import { type NamedAction, UNSIGNED } from '../../kinds/request.ts'
import { Refusal } from '../../refusal.ts'
import { type Database, query } from '../../store/database.ts'
import { lockNames } from '../../store/locks.ts'
import { createSharing, type Known, knownColumn, type SpendingLimits, spendersOf } from '../../store/spending.ts'
import {
  countOf,
  REVERTS,
  refusalOfLimits,
  type Waits,
  type WalletLimits,
  waitColumns,
} from '../../store/walletLimits.ts'

/** An action that passed its simulation and needs a nonce. */
export type ActionCandidate = Examined & {
  action: NamedAction
  gas: bigint
  /** The fees that the agent's completed runs have paid, in USDC base units. */
  fees: bigint
  /** The transaction that had decided it when it was simulated: of a call that can be made again. */
  former?: bigint | undefined
}

/** @property price the most that a transaction offers per gas, in wei. */
export type ActionTerms = { price: bigint; walletLimits: WalletLimits; spendingLimits: SpendingLimits }

/** What reads and counts the shares of an action. */
type Sharing = Pick<ActionTerms, 'price' | 'spendingLimits'>

/**
 * How many open actions of all kinds a party may have, with its reverts of the last day. An action that runs code of its party may use
 * all the gas of its transaction, because the code can tell a block from any simulation.
 */
const MOST_OPEN = { ofKey: 30, ofContract: 8 }

type Limits = Waits & { undecided: number }

/** The columns of `Limits` of a party. Its open actions and its reverts of all kinds beside claims count. */
const limitColumns = `
  ${waitColumns('0', '$2', '$3', REVERTS.ofParty)},
  (SELECT count(*)::int FROM relay.action WHERE party = asked.wallet AND state = 'open' AND kind <> 'claim')
    + ${countOf(REVERTS.ofParty)} AS undecided`

const asked = '(SELECT $1::text AS wallet) AS asked'

/** Stores an action, unless it is stored or another one has its slot. */
const insert = `
  INSERT INTO relay.action (id, kind, party, agent_id, amount, slot, body, deadline, signature, reserve, subjects, tx)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, nextval('relay.tx_id'))
  ON CONFLICT DO NOTHING RETURNING tx`

/** Opens a decided action again, unless its transaction is another one by now. A conflict is with an action in its slot. */
const repeat = `
  UPDATE relay.action SET reserve = $2, subjects = $3, tx = nextval('relay.tx_id'), state = 'open', holds_slot = true,
    tx_hash = NULL, block_number = NULL, result = NULL, problem = NULL, created_at = now()
  WHERE id = $1 AND tx = $4 AND state <> 'open' RETURNING tx`

const sharingOf = ({ mostGas }: Kind, known: readonly Known[], { price, spendingLimits }: Sharing) =>
  createSharing(spendingLimits, 'actions', mostGas * price, known)

/** Stores actions within the limits of their parties. */
export function createReservation(kinds: Kinds) {
  async function store(db: pg.PoolClient, { action, former }: ActionCandidate, cost: bigint, subjects: string[]) {
    const { actionId, request } = action
    const { message } = request
    if (former !== undefined) return query<{ tx: bigint }>(db, repeat, [actionId, cost, subjects, former])
    const kind = kinds.of(message)
    const { agentId, amount } = kind.takes?.(message) ?? { agentId: null, amount: 0n }
    const [party, deadline] = kind.hasParty ? [message.party, message.deadline] : [null, null]
    const signature = request.signature === UNSIGNED ? null : request.signature
    const body = stringify(kind.bodyOf(message))
    const of = [actionId, message.action, party, agentId, amount, kind.slotOf(message), body, deadline, signature]
    return query<{ tx: bigint }>(db, insert, [...of, cost, subjects])
  }

  return {
    /**
     * Why no share of the budget has room for the action: what is refused then is not simulated.
     * @param candidate `gas`: the most that it may take; when it is stored, its gas limit counts.
     * @returns undefined if one has.
     */
    async refusalOfShares(
      database: Database,
      candidate: ActionCandidate,
      terms: Sharing,
    ): Promise<Refusal | undefined> {
      const { message } = candidate.action.request
      const kind = kinds.of(message)
      const subjects = kind.subjectsOf(message, candidate)
      const text = `SELECT ${knownColumn('$1')} AS known`
      const [row] = await query<{ known: Known[] }>(database, text, [spendersOf(subjects)])
      if (!row) throw new Error(`What ${message.party} has spent was not read`)
      const share = sharingOf(kind, row.known, terms).find(subjects, candidate.gas * terms.price)
      return share instanceof Refusal ? share : undefined
    },

    /** Why the party may send no action now. */
    async refusalOfParty(database: Database, { request: { message } }: NamedAction, limits: WalletLimits) {
      if (!kinds.of(message).hasParty) return undefined
      const { party } = message
      const values = [party, limits.perMinute, limits.perDay]
      const [row] = await query<Limits>(database, `SELECT ${limitColumns} FROM ${asked}`, values)
      return row && refusalOfLimits({ wallet: party, who: party }, row, limits)
    },

    /**
     * Locks the parties of actions, and what else these depend on, until the database transaction ends, so that no other
     * process decides on outdated rows. All at once, because their order excludes deadlocks.
     */
    async lock(db: pg.PoolClient, candidates: readonly ActionCandidate[]): Promise<void> {
      const names = candidates.flatMap((candidate) => {
        const { message } = candidate.action.request
        const kind = kinds.of(message)
        const locks = kind.locksOf(message, candidate)
        return kind.hasParty ? [`wallet ${message.party}`, ...locks] : locks
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
      candidate: ActionCandidate,
      terms: ActionTerms,
    ): Promise<{ tx: bigint } | 'rival' | 'locked' | Refusal> {
      const { action, gas, runsWalletCode } = candidate
      const { walletLimits } = terms
      const { message } = action.request
      const { party } = message
      const kind = kinds.of(message)
      const subjects = kind.subjectsOf(message, candidate)
      const [row] = await query<Limits & { known: Known[] }>(
        db,
        `SELECT ${limitColumns}, ${knownColumn('$4')} AS known FROM ${asked}`,
        [party, walletLimits.perMinute, walletLimits.perDay, spendersOf(subjects)],
      )
      if (!row) throw new Error(`The limits of ${party} were not read`)
      const limit = kind.hasParty && refusalOfLimits({ wallet: party, who: party }, row, walletLimits)
      if (limit) return limit
      const mostOpen = runsWalletCode ? MOST_OPEN.ofContract : MOST_OPEN.ofKey
      if (kind.hasParty && row.undecided >= mostOpen) return 'locked'
      if (await kind.isShort(db, message, candidate)) return 'locked'
      const cost = gas * terms.price
      const share = sharingOf(kind, row.known, terms).take(subjects, cost)
      if (share instanceof Refusal) return share
      const [stored] = await store(db, candidate, cost, share.counted)
      return stored ?? 'rival'
    },
  }
}
