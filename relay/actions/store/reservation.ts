import type pg from 'pg'
import { type Refusal, rateLimited } from '../../refusal.ts'
import { type Database, query } from '../../store/database.ts'
import { lockNames } from '../../store/locks.ts'
import { createSharing, type Known, knownColumn, type SpendingLimits, type Subjects } from '../../store/spending.ts'
import { type WalletLimits, type WalletWaits, walletWaitColumns } from '../../store/walletLimits.ts'
import { MAX_ACTION_GAS, type NamedAction } from '../request.ts'

/** An action that passed its simulation and needs a nonce. */
export type Candidate = {
  action: NamedAction
  gas: bigint
  /** The agent whose wallet the party is; undefined for a party that reviews or closes. */
  agentId: bigint | undefined
  /** The fees that the agent's completed runs have paid, in USDC base units. */
  fees: bigint
  /** See `Examined`. */
  runsWalletCode: boolean
}

/** @property price the most that a transaction offers per gas, in wei. */
export type Terms = { price: bigint; walletLimits: WalletLimits; spendingLimits: SpendingLimits }

/** So many reverts by a party's own fault within a day pause it until the oldest is a day old. */
const MAX_REVERTS = 3

/**
 * How many open actions a party may have, with its reverts of the last day. An action that runs code of its party may use
 * all the gas of its transaction, because the code can tell a block from any simulation.
 */
const MOST_OPEN = { ofKey: 30, ofContract: 8 }

/**
 * What an action's cost counts for. An action of the agent counts for its wallet and its agent. One of the other parties
 * counts for its account only: neither side can use up a share of the other, and none counts for the poster's share, which
 * claims of strangers can use up.
 */
function subjectsOf({ action, agentId }: Candidate): Subjects {
  const shared = [`wallet ${action.request.message.party}`, 'newcomers']
  if (agentId === undefined) return { shared, ofFees: undefined }
  return { shared: [...shared, `agent ${agentId}`], ofFees: `fees ${agentId}` }
}

type Limits = WalletWaits & { open: number; reverts: number }

const limitColumns = `
  ${walletWaitColumns('0', '$2', '$3')},
  (SELECT count(*) FROM relay.action WHERE party = asked.wallet AND state = 'open')::int AS open,
  (SELECT count(*) FROM relay.action WHERE party = asked.wallet
    AND reverted_at > now() - interval '1 day')::int AS reverts`

const asked = '(SELECT $1::text AS wallet) AS asked'

/** Why the party may send no action now. */
export async function refusalOfParty(database: Database, { request }: NamedAction, limits: WalletLimits) {
  const { party } = request.message
  const values = [party, limits.perMinute, limits.perDay]
  const [row] = await query<Limits>(database, `SELECT ${limitColumns} FROM ${asked}`, values)
  return row && refusalOfLimits(party, row, limits)
}

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

/**
 * Stores the action in a new transaction, if nothing is against it. It locks the party and the agent until the database
 * transaction ends, so that no other process decides on outdated rows.
 * @returns the id of the transaction, or:
 * - `rival`: this action is stored, or another one of the party about the run is open.
 * - `locked`: the party has as many open actions as it may have.
 * - a problem: RATE_LIMITED, or RELAY_UNAVAILABLE if no share of the budget has room.
 */
export async function reserve(
  db: pg.PoolClient,
  candidate: Candidate,
  { price, walletLimits, spendingLimits }: Terms,
): Promise<{ tx: bigint } | 'rival' | 'locked' | Refusal> {
  const { action, agentId, gas, fees, runsWalletCode } = candidate
  const { message, signature } = action.request
  const { party } = message
  const subjects = subjectsOf(candidate)
  await lockNames(db, [`wallet ${party}`, ...(agentId === undefined ? [] : [`agent ${agentId}`])])
  const names = [...subjects.shared, ...(subjects.ofFees === undefined ? [] : [subjects.ofFees])]
  const [row] = await query<Limits & { known: Known[] }>(
    db,
    `SELECT ${limitColumns}, ${knownColumn('$4')} AS known FROM ${asked}`,
    [party, walletLimits.perMinute, walletLimits.perDay, names],
  )
  if (!row) throw new Error(`The limits of ${party} were not read`)
  const limit = refusalOfLimits(party, row, walletLimits)
  if (limit) return limit
  if (row.open + row.reverts >= (runsWalletCode ? MOST_OPEN.ofContract : MOST_OPEN.ofKey)) return 'locked'
  const cost = gas * price
  const share = createSharing(spendingLimits, 'actions', MAX_ACTION_GAS * price, row.known).take(subjects, cost, fees)
  if (!('isPaid' in share)) return share
  const text = `
    WITH stored AS (
      INSERT INTO relay.action
        (id, name, bounty_id, party, round, revision, text, deadline, signature, reserve, subjects, tx)
      SELECT $1, $2, $3::numeric, $4, $5::bigint, $6::bigint, $7, $8::numeric, $9, $10::numeric, $11::text[],
        nextval('relay.tx_id')
      WHERE NOT EXISTS (SELECT FROM relay.action AS other
        WHERE other.party = $4 AND other.bounty_id = $3::numeric AND other.state = 'open')
      ON CONFLICT (id) DO NOTHING RETURNING party, tx),
    counted AS (INSERT INTO relay.sent_claim (wallet) SELECT party FROM stored)
    SELECT tx FROM stored`
  const { action: name, bountyId, round, revision, text: words, deadline } = message
  const counted = share.isPaid && subjects.ofFees !== undefined ? [subjects.ofFees] : subjects.shared
  const values = [action.actionId, name, bountyId, party, round, revision, words, deadline, signature, cost, counted]
  const [stored] = await query<{ tx: bigint }>(db, text, values)
  return stored ?? 'rival'
}
