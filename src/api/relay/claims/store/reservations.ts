import type pg from 'pg'
import { type Address, type Hex, stringify } from 'viem'
import { MIN_STAKE } from '../../../../../core/market/constants.ts'
import { isFree } from '../../ledger/decisions.ts'
import type { StoredRefusal } from '../../ledger/rows.ts'
import { Refusal } from '../../refusal.ts'
import { query } from '../../store/database.ts'
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
import { MOST_RESERVED_GAS, reservedGas, transactionsOf } from '../chain/gas.ts'
import type { AgentAccount, NamedClaim } from '../chain/market.ts'
import { revertedBefore } from '../intake/refusal.ts'
import { CLAIM, slotOfClaim } from './claims.ts'
import { limited } from './lookUp.ts'
import { namesOf } from './spending.ts'

/** A claim that passed its simulation and needs a nonce. */
export type Candidate = {
  claim: NamedClaim
  /** The gas limit of a transaction with this claim only. */
  gas: bigint
  /** The stake that the claim locks, in USDC base units, and the agent's account at `block`. */
  lock: bigint
  account: AgentAccount
  /** The fees that the agent's completed runs have paid, in USDC base units. */
  fees: bigint
  poster: Address
  block: bigint
  /** See `Examined`. */
  runsWalletCode: boolean
  /** The client’s idempotency key. */
  key: string | undefined
}

/**
 * Why a claim gets no nonce now.
 * - `rival`: another claim of its round or its key came first. It may be the same claim.
 * - `locked`: the agent’s pending claims lock the stake that this one needs, or are as many as it may have.
 * - a problem: RATE_LIMITED, or RELAY_UNAVAILABLE if no share of the budget has room.
 */
export type Obstacle = 'rival' | 'locked' | Refusal

/**
 * How many open claims an agent may have, with its reverts of the last day. An open claim has passed its simulation, and may
 * still revert in its block at the relayer's expense. Claims beyond the limit wait.
 *
 * A wallet's code can tell a block from any simulation, so that each of its claims may use all the gas of its
 * transaction. A claim that a key has signed runs only the code of the market, and costs little if it reverts.
 */
const MOST_OPEN = { ofKey: 30, ofContract: 8, ofContractWithoutCompletion: 3 }

function mostOpen({ runsWalletCode, account }: Candidate): number {
  if (!runsWalletCode) return MOST_OPEN.ofKey
  return account.completions > 0n ? MOST_OPEN.ofContract : MOST_OPEN.ofContractWithoutCompletion
}

/** The claims of one transaction. */
type Group = { tx: bigint; candidates: Candidate[] }

/** @property maxItems the most claims of a transaction. @property price the most that it offers per gas, in wei. */
export type Terms = { maxItems: number; price: bigint; walletLimits: WalletLimits; spendingLimits: SpendingLimits }

/**
 * Stores the claims without an obstacle, in new transactions. It locks the agents and wallets until the database transaction
 * ends, so that no other process decides on outdated rows. It does not lock posters or newcomers, so that
 * claims of all agents need not wait for each other: concurrent transactions may together pass these two limits.
 */
export async function reserve(db: pg.PoolClient, candidates: Candidate[], terms: Terms) {
  const obstacles = new Map<Candidate, Obstacle>()
  const remaining = () => candidates.filter((candidate) => !obstacles.has(candidate))
  await lockNames(
    db,
    candidates.flatMap(({ claim: { request } }) => [`agent ${request.agentId}`, `wallet ${request.wallet}`]),
  )
  for (const candidate of await boundKeys(db, candidates)) obstacles.set(candidate, 'rival')
  const { over, counted } = await overLimits(db, remaining(), terms)
  for (const [candidate, obstacle] of over) obstacles.set(candidate, obstacle)
  for (const candidate of await overStake(db, remaining())) obstacles.set(candidate, 'locked')
  const groups = new Map<bigint, Group>()
  const inserted = await storeClaims(db, remaining(), counted, terms)
  const reverted = await revertsOf(
    db,
    remaining().filter(({ claim }) => !inserted.has(claim.claimId)),
  )
  for (const candidate of remaining()) {
    const tx = inserted.get(candidate.claim.claimId)
    if (tx === undefined) obstacles.set(candidate, reverted.get(candidate.claim.claimId) ?? 'rival')
    else groups.set(tx, { tx, candidates: [...(groups.get(tx)?.candidates ?? []), candidate] })
  }
  return { groups: [...groups.values()], obstacles }
}

/** The candidates whose idempotency key is bound, or is also the key of another candidate. */
async function boundKeys(db: pg.PoolClient, candidates: Candidate[]): Promise<Candidate[]> {
  const keyed = candidates.filter(({ key }) => key !== undefined)
  if (keyed.length === 0) return []
  const text = `
    SELECT EXISTS (SELECT FROM relay.action AS bound WHERE bound.agent_id = asked.agent_id
      AND bound.party = asked.wallet AND bound.idempotency_key = asked.key) AS "isBound"
    FROM unnest($1::numeric[], $2::text[], $3::text[]) WITH ORDINALITY AS asked (agent_id, wallet, key, place)
    ORDER BY place`
  const rows = await query<{ isBound: boolean }>(db, text, [
    keyed.map(({ claim }) => claim.request.agentId),
    keyed.map(({ claim }) => claim.request.wallet),
    keyed.map(({ key }) => key),
  ])
  const seen = new Set<string>()
  return keyed.filter(({ claim: { request }, key }, place) => {
    const name = `${request.agentId} ${request.wallet} ${key}`
    const isBound = rows[place]?.isBound || seen.has(name)
    seen.add(name)
    return isBound
  })
}

/**
 * The candidates that a limit refuses, and the subjects that count the others. They are counted in the transaction that
 * stores the others, so that concurrent requests cannot pass a limit together. Open claims and reverts count together:
 * each open claim may still revert.
 */
async function overLimits(db: pg.PoolClient, candidates: Candidate[], terms: Terms) {
  const { walletLimits, spendingLimits, price } = terms
  const text = `
    SELECT ${waitColumns('asked.ahead', '$3', '$4', REVERTS.ofAgent)},
      (SELECT count(*) FROM relay.action WHERE action.agent_id = asked.agent_id AND state = 'open' AND kind = '${CLAIM}')::int
        + ${countOf(REVERTS.ofAgent)} AS undecided,
      CASE WHEN place = 1 THEN ${knownColumn('$5')} END AS known
    FROM (SELECT wallet, agent_id, place, (row_number() OVER (PARTITION BY wallet ORDER BY place) - 1)::int AS ahead
      FROM unnest($1::text[], $2::numeric[]) WITH ORDINALITY AS new (wallet, agent_id, place)) AS asked
    ORDER BY place`
  const requests = candidates.map(({ claim }) => claim.request)
  const names = candidates.map(({ claim, poster, fees }) => namesOf({ ...claim.request, poster, fees }))
  const subjects = new Set(names.flatMap(spendersOf))
  const rows = await query<Waits & { undecided: number; known: Known[] | null }>(db, text, [
    requests.map(({ wallet }) => wallet),
    requests.map(({ agentId }) => agentId),
    walletLimits.perMinute,
    walletLimits.perDay,
    [...subjects],
  ])
  /** The claims of each agent among those that pass. */
  const added = new Map<bigint, number>()
  const counted = new Map<Candidate, string[]>()
  const sharing = createSharing(spendingLimits, 'claims', MOST_RESERVED_GAS * price, rows[0]?.known ?? [])
  const over = candidates.flatMap((candidate, place): [Candidate, Obstacle][] => {
    const { agentId } = candidate.claim.request
    const row = rows[place]
    const named = names[place]
    if (!row || !named) throw new Error(`The limits of claim ${candidate.claim.claimId} were not read`)
    const problem = refusalOfLimits(limited(candidate.claim.request), row, walletLimits)
    if (problem) return [[candidate, problem]]
    const ahead = added.get(agentId) ?? 0
    if (row.undecided + ahead >= mostOpen(candidate)) return [[candidate, 'locked']]
    const share = sharing.take(named, reservedGas(candidate) * price)
    if (share instanceof Refusal) return [[candidate, share]]
    counted.set(candidate, share.counted)
    added.set(agentId, ahead + 1)
    return []
  })
  return { over, counted }
}

/**
 * The candidates for which the unlocked stake is too small, in order of arrival. A later one that locks less may fit.
 */
async function overStake(db: pg.PoolClient, candidates: Candidate[]): Promise<Candidate[]> {
  const free = await freeStakes(db, candidates)
  return candidates.filter(({ claim: { request }, lock }) => {
    const left = (free.get(request.agentId) ?? 0n) - lock
    if (left >= 0n) free.set(request.agentId, left)
    return left < 0n
  })
}

/**
 * The stake that each agent has left for new claims. A claim that was won, and stake that was taken out, after the block of
 * the known stake count as pending. An agent that would keep less than the minimum has none.
 */
async function freeStakes(db: pg.PoolClient, candidates: Candidate[]): Promise<Map<bigint, bigint>> {
  const byBlock = candidates.toSorted((left, right) => Number(left.block - right.block))
  const newest = new Map(byBlock.map(({ claim, account, block }) => [claim.request.agentId, { account, block }]))
  const text = `
    SELECT agent.id, coalesce(sum(amount) FILTER (WHERE kind = '${CLAIM}'), 0) AS locking,
      coalesce(sum(amount) FILTER (WHERE kind = 'unstake'), 0) AS leaving
    FROM unnest($1::numeric[], $2::bigint[]) AS agent (id, block) LEFT JOIN relay.action
      ON agent_id = agent.id AND state <> 'refused' AND (block_number IS NULL OR block_number > agent.block)
    GROUP BY agent.id`
  const blocks = [...newest.values()].map(({ block }) => block)
  type Row = { id: bigint; locking: bigint; leaving: bigint }
  const rows = await query<Row>(db, text, [[...newest.keys()], blocks])
  return new Map(
    rows.map(({ id, locking, leaving }) => {
      const { staked = 0n, unlocked = 0n } = newest.get(id)?.account ?? {}
      const isBelowMinimum = leaving > 0n && staked - leaving < MIN_STAKE
      return [id, isBelowMinimum ? 0n : unlocked - leaving - locking]
    }),
  )
}

/** SQL: whether a refused claim may be sent again: a signed one that reverted by the fault of its agent would do so without end. */
const MAY_REOPEN = "action.state = 'refused' AND (action.reverted_at IS NULL OR action.signature IS NULL)"

/**
 * Stores the claims of free slots. A refused claim that may be sent again gets its slot and a transaction anew, and no key: once
 * it was sent, anyone may repeat it. All in one order of slots, which excludes deadlocks.
 * @returns the transaction of each stored claim.
 */
async function storeClaims(
  db: pg.PoolClient,
  candidates: Candidate[],
  counted: ReadonlyMap<Candidate, string[]>,
  { maxItems, price }: Terms,
): Promise<Map<Hex, bigint>> {
  const text = `
    WITH new_tx AS MATERIALIZED (
      SELECT place, nextval('relay.tx_id') AS tx FROM generate_series(0, $2::int - 1) AS place),
    new AS MATERIALIZED (
      SELECT id, wallet, "agentId", lock, "bountyId", round, slot, deadline, signature, key, reserve,
        ARRAY(SELECT jsonb_array_elements_text(counted)) AS subjects, tx
      FROM jsonb_to_recordset($1) AS claim (id text, "bountyId" numeric, round bigint, "agentId" numeric, wallet text,
        signature text, deadline numeric, key text, lock numeric, slot text, reserve numeric, counted jsonb, place int)
      JOIN new_tx USING (place)),
    reopened AS (
      UPDATE relay.action SET amount = lock, reserve = new.reserve, subjects = new.subjects, tx = new.tx, state = 'open',
        holds_slot = true, tx_hash = NULL, block_number = NULL, problem = NULL, created_at = now()
      FROM new WHERE action.id = new.id AND ${MAY_REOPEN} AND ${isFree('action.slot')}
      RETURNING action.id, action.tx),
    inserted AS (
      INSERT INTO relay.action (id, kind, party, agent_id, amount, run_id, round, slot, body, deadline, signature,
        idempotency_key, reserve, subjects, tx)
      SELECT id, '${CLAIM}', wallet, "agentId", lock, "bountyId", round, slot, '{}', deadline, signature, key, reserve,
        subjects, tx
      FROM new ORDER BY slot
      ON CONFLICT DO NOTHING RETURNING id, tx)
    SELECT id, tx FROM reopened UNION ALL SELECT id, tx FROM inserted`
  const places = transactionsOf(candidates, maxItems)
  const claims = candidates.map((candidate, position) => {
    const { claim, lock, key } = candidate
    const { claimId, request, round } = claim
    const slot = slotOfClaim(request.bountyId, round)
    const reserve = reservedGas(candidate) * price
    const own = { slot, key, lock, reserve, counted: counted.get(candidate), place: places[position] }
    return { id: claimId, round, ...request, ...request.signed, ...own }
  })
  const values = [stringify(claims), Math.max(0, ...places.map((place) => place + 1))]
  const rows = await query<{ id: Hex; tx: bigint }>(db, text, values)
  return new Map(rows.map(({ id, tx }) => [id, tx]))
}

/** Why claims are not stored whose own transaction reverted before. */
async function revertsOf(db: pg.PoolClient, candidates: Candidate[]): Promise<Map<Hex, Refusal>> {
  if (candidates.length === 0) return new Map()
  const text = `SELECT id, problem FROM relay.action WHERE id = ANY($1) AND state = 'refused' AND NOT (${MAY_REOPEN})`
  const ids = candidates.map(({ claim }) => claim.claimId)
  const rows = await query<{ id: Hex; problem: StoredRefusal }>(db, text, [ids])
  return new Map(rows.map(({ id, problem }) => [id, revertedBefore(problem)]))
}
