import { type Address, type Hash, type Hex, keccak256, stringToHex } from 'viem'
import { type Refusal, unavailable } from '../../refusal.ts'
import { isHeld, type Lease } from '../../sender/store/leases.ts'
import { type Database, query } from '../../store/database.ts'
import type { ClaimRequest, NamedClaim } from '../chain/market.ts'

/** The name of claims as a kind of action. */
export const CLAIM = 'claim'

/** A stored refusal, for repeats of the request. */
export type StoredRefusal = Pick<Refusal, 'code' | 'detail' | 'extensions'>

/** A claim that got a nonce, and its state. */
export type StoredClaim = NamedClaim & {
  bodyHash: Hex
  /** `open`: the chain has not decided it. */
  state: 'open' | 'won' | 'refused'
  /** Its current transaction. */
  tx: { id: bigint; state: 'signed' | 'accepted' | 'mined' | 'final' | 'taken' | 'abandoned'; hash: Hash }
  /** The transaction that decided it; null if it is open, or if the agent won the run without the relay. */
  txHash: Hash | null
  blockNumber: bigint | null
  problem: StoredRefusal | null
}

type Row = Omit<StoredClaim, 'request' | 'tx'> &
  Omit<ClaimRequest, 'signed'> & {
    signature: Hex | null
    deadline: bigint | null
    txId: bigint
    txState: StoredClaim['tx']['state']
    newestHash: Hash
  }

const select = `
  SELECT claim.id AS "claimId", bounty_id AS "bountyId", round, agent_id AS "agentId", wallet, signature, deadline,
    body_hash AS "bodyHash", claim.state, tx.id AS "txId", tx.state AS "txState",
    coalesce(tx.hash, newest.hash) AS "newestHash", tx_hash AS "txHash", claim.block_number AS "blockNumber", problem
  FROM relay.claim JOIN relay.tx ON tx.id = claim.tx
  CROSS JOIN LATERAL (
    SELECT hash FROM relay.attempt WHERE attempt.tx = tx.id ORDER BY signed_at DESC LIMIT 1) AS newest`

async function find(database: Database, clauses: string, values: unknown[]): Promise<StoredClaim[]> {
  const rows = await query<Row>(database, `${select} WHERE ${clauses}`, values)
  return rows.map(({ bountyId, agentId, wallet, signature, deadline, txId, txState, newestHash, ...claim }) => {
    const signed = signature !== null && deadline !== null ? { signature, deadline } : undefined
    return {
      ...claim,
      request: { bountyId, agentId, wallet, ...(signed && { signed }) },
      tx: { id: txId, state: txState, hash: newestHash },
    }
  })
}

export const nameOf = ({ claimId, request, round }: NamedClaim): NamedClaim => ({ claimId, request, round })

/** A hash of the request's members. Equal requests have equal hashes. */
export function bodyHashOf({ bountyId, agentId, wallet, signed }: ClaimRequest): Hex {
  const words = [bountyId, agentId, wallet.toLowerCase(), signed?.deadline, signed?.signature.toLowerCase()]
  return keccak256(stringToHex(words.join()))
}

/** The open claims of each run: the one that has its round reserved, and those that a reorg reopened. */
export async function openClaimsOf(database: Database, bountyIds: readonly bigint[]): Promise<StoredClaim[][]> {
  const clauses = "claim.state = 'open' AND claim.bounty_id = ANY($1::numeric[]) ORDER BY reserved DESC"
  const open = Map.groupBy(await find(database, clauses, [bountyIds]), ({ request }) => request.bountyId)
  return bountyIds.map((bountyId) => open.get(bountyId) ?? [])
}

export const openClaimsOfAgent = (database: Database, agentId: bigint) =>
  find(database, "claim.state = 'open' AND claim.agent_id = $1", [agentId])

export const claimsById = (database: Database, claimIds: Hex[]) => find(database, 'claim.id = ANY($1)', [claimIds])

/** Reads a claim that was stored. @throws Refusal RELAY_UNAVAILABLE if a failover of the database lost it. */
export async function findClaim(database: Database, claimId: Hex): Promise<StoredClaim> {
  const [found] = await claimsById(database, [claimId])
  if (!found) throw unavailable(`The relay’s database has lost claim ${claimId}: send it again.`)
  return found
}

export const claimsOf = (database: Database, ...txs: bigint[]) => find(database, 'claim.tx = ANY($1)', [txs])

/** The open claims of a signer whose transaction can no longer decide them. */
export const strandedClaimsOf = (database: Database, signer: Address) =>
  find(database, "claim.state = 'open' AND tx.state NOT IN ('signed', 'accepted') AND tx.signer = $1", [signer])

/** An SQL condition on `signer.address`: whether the signer has open claims. */
export const HAS_STRANDED_CLAIMS = `EXISTS (SELECT FROM relay.claim JOIN relay.tx ON tx.id = claim.tx
  WHERE claim.state = 'open' AND tx.signer = signer.address)`

/**
 * Gives an open claim another transaction, if it still has the one that was read, and the lease is valid. It does not lock
 * the lease, as other keeper writes do: a process that is paused here must not keep the lease.
 * @returns the id of the transaction; undefined if it did not.
 */
export async function moveClaim(database: Database, { signer, token }: Lease, { claimId, tx: old }: StoredClaim) {
  const text = `
    UPDATE relay.claim SET tx = nextval('relay.tx_id')
    WHERE id = $3 AND tx = $4 AND state = 'open' AND ${isHeld} RETURNING tx`
  const [row] = await query<{ tx: bigint }>(database, text, [signer, token, claimId, old.id])
  return row?.tx
}

/** The number of claims in unmined transactions, by signer. */
export async function countUnminedClaims(database: Database): Promise<Map<Address, number>> {
  const text = `
    SELECT tx.signer, count(*)::int AS claims FROM relay.claim JOIN relay.tx ON tx.id = claim.tx
    WHERE tx.state IN ('signed', 'accepted') GROUP BY tx.signer`
  const rows = await query<{ signer: Address; claims: number }>(database, text)
  return new Map(rows.map(({ signer, claims }) => [signer, claims]))
}

/**
 * The open claims of a signer's transactions with unused nonces, from `used` on, that are older than so many seconds, or whose
 * signature's deadline is before `latest`. The order is random, so that every claim is checked if there are more than `limit`.
 */
export const unminedClaimsOf = (
  database: Database,
  signer: Address,
  { used, latest, stuckSeconds, limit }: { used: number; latest: bigint; stuckSeconds: number; limit: number },
) =>
  find(
    database,
    `claim.state = 'open' AND tx.state IN ('signed', 'accepted') AND tx.signer = $1 AND tx.nonce >= $2
       AND (claim.deadline < $3 OR EXISTS (SELECT FROM relay.attempt
         WHERE attempt.tx = tx.id AND signed_at < now() - make_interval(secs => $4)))
     ORDER BY random() LIMIT $5`,
    [signer, used, latest, stuckSeconds, limit],
  )
