import type pg from 'pg'
import type { Hex } from 'viem'
import type { NamedClaim } from '../events.ts'
import { bodyHashOf, rememberKey } from './claims.ts'

/** A claim that passed its trial and wants a nonce. */
export type Candidate = {
  claim: NamedClaim
  /** The limit with which it goes alone. */
  gas: bigint
  /** What the claim locks, and what the agent has left for it at block `block`. USDC base units. */
  lock: bigint
  unlocked: bigint
  block: bigint
  /** The client's own for this claim. */
  key: string | undefined
}

/**
 * Why a claim gets no nonce now.
 * - `rival`: another claim of its round, or of its key, was first. It may be the same claim.
 * - `locked`: the agent's claims that are on their way lock what this one would.
 */
export type Obstacle = 'rival' | 'locked'

/** The claims that one transaction makes. */
type Group = { tx: bigint; made: Candidate[] }

export type Reserved = { groups: Group[]; obstacles: Map<Candidate, Obstacle> }

/**
 * Stores the claims, those that nothing stands in the way of, as made by new transactions of `most` claims each. All that
 * is looked at is locked until the database's transaction ends, so that what is decided here stays true.
 */
export async function reserve(db: pg.PoolClient, candidates: Candidate[], most: number): Promise<Reserved> {
  const obstacles = new Map<Candidate, Obstacle>()
  await lockNames(db, candidates)
  const keys = await keysAmong(db, candidates)
  for (const candidate of candidates) if (candidate.key && keys.has(candidate.key)) obstacles.set(candidate, 'rival')
  for (const candidate of await tooDear(db, without(candidates, obstacles))) obstacles.set(candidate, 'locked')
  const groups = new Map<bigint, Group>()
  const inserted = await insertClaims(db, without(candidates, obstacles), most)
  for (const candidate of without(candidates, obstacles)) {
    const tx = inserted.get(candidate.claim.claimId)
    if (tx === undefined) obstacles.set(candidate, 'rival')
    else groups.set(tx, { tx, made: [...(groups.get(tx)?.made ?? []), candidate] })
  }
  await insertKeys(db, without(candidates, obstacles))
  return { groups: [...groups.values()], obstacles }
}

const without = (candidates: Candidate[], obstacles: Map<Candidate, Obstacle>) =>
  candidates.filter((candidate) => !obstacles.has(candidate))

/** Runs, agents and keys, in an order that is the same for everyone, so that nobody waits in a circle. */
async function lockNames(db: pg.PoolClient, candidates: Candidate[]) {
  const names = candidates.flatMap(({ claim: { request }, key }) => [
    ...[`run ${request.bountyId}`, `agent ${request.agentId}`, ...(key === undefined ? [] : [`key ${key}`])],
  ])
  await db.query(
    `SELECT pg_advisory_xact_lock(id) FROM (
       SELECT DISTINCT hashtextextended(name, 0) AS id FROM unnest($1::text[]) AS name ORDER BY id) AS locks`,
    [names],
  )
}

async function keysAmong(db: pg.PoolClient, candidates: Candidate[]): Promise<Set<string>> {
  const keys = candidates.flatMap(({ key }) => key ?? [])
  if (keys.length === 0) return new Set()
  const { rows } = await db.query('SELECT key FROM relay.idempotency_key WHERE key = ANY($1)', [keys])
  return new Set((rows as { key: string }[]).map(({ key }) => key))
}

/** First come, first served: a later claim that locks less may pass where an earlier one does not. */
async function tooDear(db: pg.PoolClient, candidates: Candidate[]): Promise<Candidate[]> {
  const free = await freeStakes(db, candidates)
  return candidates.filter(({ claim: { request }, lock }) => {
    const left = (free.get(request.agentId) ?? 0n) - lock
    if (left >= 0n) free.set(request.agentId, left)
    return left < 0n
  })
}

/**
 * What each agent has left for claims that no transaction makes yet. A claim that was won after the block whose stake
 * is known locks as much as one on its way.
 */
async function freeStakes(db: pg.PoolClient, candidates: Candidate[]): Promise<Map<bigint, bigint>> {
  const byBlock = candidates.toSorted((left, right) => Number(left.block - right.block))
  const newest = new Map(byBlock.map(({ claim, unlocked, block }) => [claim.request.agentId, { unlocked, block }]))
  const { rows } = await db.query(
    `SELECT agent.id, coalesce(sum(claim.lock), 0)::text AS locking
     FROM unnest($1::numeric[], $2::bigint[]) AS agent (id, block)
     LEFT JOIN relay.claim ON claim.agent_id = agent.id AND state <> 'refused'
       AND (claim.block_number IS NULL OR claim.block_number > agent.block)
     GROUP BY agent.id`,
    [[...newest.keys()].map(String), [...newest.values()].map(({ block }) => String(block))],
  )
  return new Map(
    (rows as { id: string; locking: string }[]).map(({ id, locking }) => {
      const agentId = BigInt(id)
      return [agentId, (newest.get(agentId)?.unlocked ?? 0n) - BigInt(locking)]
    }),
  )
}

/** A claim that was refused may be made again in the same round. @returns the transaction of each that is stored. */
async function insertClaims(db: pg.PoolClient, candidates: Candidate[], most: number): Promise<Map<Hex, bigint>> {
  const { rows } = await db.query(
    `WITH tx AS MATERIALIZED (
       SELECT place, nextval('relay.tx_id') AS id FROM generate_series(0, (cardinality($1::text[]) - 1) / $10::int) AS place)
     INSERT INTO relay.claim AS claim (id, bounty_id, round, agent_id, wallet, signature, deadline, body_hash, lock, tx)
     SELECT new.id, bounty_id, round, agent_id, wallet, signature, deadline, body_hash, lock, tx.id
     FROM unnest($1::text[], $2::numeric[], $3::bigint[], $4::numeric[], $5::text[], $6::text[], $7::numeric[],
       $8::text[], $9::numeric[]) WITH ORDINALITY
       AS new (id, bounty_id, round, agent_id, wallet, signature, deadline, body_hash, lock, place)
     JOIN tx ON tx.place = (new.place - 1) / $10::int
     WHERE NOT EXISTS (SELECT FROM relay.claim AS other WHERE other.bounty_id = new.bounty_id
       AND other.round = new.round AND other.state <> 'refused' AND other.reserved)
     ON CONFLICT (id) DO UPDATE SET signature = excluded.signature, deadline = excluded.deadline,
       body_hash = excluded.body_hash, lock = excluded.lock, tx = excluded.tx, state = 'open', reserved = true,
       tx_hash = NULL, block_number = NULL, problem = NULL
     WHERE claim.state = 'refused'
     RETURNING id, tx`,
    [...columnsOf(candidates), most],
  )
  return new Map((rows as { id: Hex; tx: string }[]).map(({ id, tx }) => [id, BigInt(tx)]))
}

function columnsOf(candidates: Candidate[]): (string | null)[][] {
  const rows = candidates.map(({ claim: { claimId, request, round }, lock }) => [
    ...[claimId, `${request.bountyId}`, `${round}`, `${request.agentId}`, request.wallet],
    ...[request.signed?.signature ?? null, request.signed ? `${request.signed.deadline}` : null],
    ...[bodyHashOf(request), `${lock}`],
  ])
  return Array.from({ length: 9 }, (_, column) => rows.map((row) => row[column] ?? null))
}

async function insertKeys(db: pg.PoolClient, candidates: Candidate[]) {
  for (const { key, claim } of candidates) {
    if (key !== undefined) await rememberKey(db, key, bodyHashOf(claim.request), claim.claimId)
  }
}
