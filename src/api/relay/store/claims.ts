import { type Address, type Hex, keccak256, stringToHex } from 'viem'
import type { Problem, ProblemCode } from '../../http/errors.ts'
import type { ClaimRequest, NamedClaim } from '../chain/market.ts'
import { type Database, stored } from './database.ts'

/** A refusal as it is stored, to be said again. */
export type StoredProblem = {
  code: ProblemCode
  detail: string
  extensions: Record<string, unknown>
  headers: Record<string, string>
}

/** A claim that got a nonce, and what has become of it. */
export type StoredClaim = {
  claimId: Hex
  request: ClaimRequest
  round: bigint
  bodyHash: Hex
  /** `open`: the chain has not decided it. */
  state: 'open' | 'won' | 'refused'
  /** The transaction that makes it now. */
  tx: { id: bigint; state: 'signed' | 'accepted' | 'mined' | 'final' | 'taken' | 'abandoned'; hash: Hex }
  /** Of the transaction that decided it; undefined where it is open, or where the agent won the run by itself. */
  txHash: Hex | undefined
  blockNumber: bigint | undefined
  problem: StoredProblem | undefined
}

const select = `
  SELECT claim.id, claim.bounty_id::text, claim.round, claim.agent_id::text, claim.wallet, claim.signature,
    claim.deadline::text, claim.body_hash, claim.state, claim.tx, claim.tx_hash, claim.block_number, claim.problem,
    tx.state AS tx_state, coalesce(tx.hash, last.hash) AS last_hash
  FROM relay.claim JOIN relay.tx ON tx.id = claim.tx
  CROSS JOIN LATERAL (
    SELECT hash FROM relay.attempt WHERE attempt.tx = tx.id ORDER BY signed_at DESC LIMIT 1) AS last`

export const nameOf = ({ claimId, request, round }: NamedClaim): NamedClaim => ({ claimId, request, round })

/** Identifies what a request says: the same words twice are the same request. */
export function bodyHashOf({ bountyId, agentId, wallet, signed }: ClaimRequest): Hex {
  const words = [bountyId, agentId, wallet.toLowerCase(), signed?.deadline, signed?.signature.toLowerCase()]
  return keccak256(stringToHex(words.join()))
}

/** The open claims of each run: the one that has its round reserved, and what a reorg may have opened again beside it. */
export async function openClaimsOf(database: Database, bountyIds: readonly bigint[]): Promise<StoredClaim[][]> {
  const text = `${select} WHERE claim.state = 'open' AND claim.bounty_id = ANY($1::numeric[]) ORDER BY reserved DESC`
  const open = Map.groupBy(await find(database, text, [bountyIds]), ({ request }) => request.bountyId)
  return bountyIds.map((bountyId) => open.get(bountyId) ?? [])
}

export const openClaimsOfAgent = (database: Database, agentId: bigint) =>
  find(database, `${select} WHERE claim.state = 'open' AND claim.agent_id = $1`, [agentId])

export const claimsById = (database: Database, claimIds: Hex[]) =>
  find(database, `${select} WHERE claim.id = ANY($1)`, [claimIds])

/** A claim that is known to be stored. */
export async function findClaim(database: Database, claimId: Hex): Promise<StoredClaim> {
  const [found] = await claimsById(database, [claimId])
  if (!found) throw new Error(`Claim ${claimId} is not stored any more`)
  return found
}

export const claimsOf = (database: Database, ...txs: bigint[]) =>
  find(database, `${select} WHERE claim.tx = ANY($1)`, [txs])

/** The claims of each transaction. */
export async function claimsOfEach(database: Database, txs: readonly bigint[]): Promise<StoredClaim[][]> {
  const made = Map.groupBy(await claimsOf(database, ...txs), ({ tx }) => tx.id)
  return txs.map((tx) => made.get(tx) ?? [])
}

/** Open claims of a signer whose transaction can no longer decide them. */
export const strandedClaimsOf = (database: Database, signer: Address) =>
  find(database, `${select} WHERE claim.state = 'open' AND tx.state NOT IN ('signed', 'accepted') AND tx.signer = $1`, [
    signer,
  ])

/**
 * Open claims of a signer's unmined transactions whose signature's deadline is before `latest`, or that are older than
 * so many seconds. In a random order, so that each has its turn where there are more than `limit`.
 */
export const unminedClaimsOf = (database: Database, signer: Address, latest: bigint, seconds: number, limit: number) =>
  find(
    database,
    `${select} WHERE claim.state = 'open' AND tx.state IN ('signed', 'accepted') AND tx.signer = $1
       AND (claim.deadline < $2 OR EXISTS (SELECT FROM relay.attempt
         WHERE attempt.tx = tx.id AND signed_at < now() - make_interval(secs => $3)))
     ORDER BY random() LIMIT $4`,
    [signer, latest, seconds, limit],
  )

/** What a client’s idempotency key is bound to. `blockNumber`: where the claim was seen won, if no transaction of the relay made it. */
export type Binding = {
  key: string
  request: ClaimRequest
  claimId: Hex
  round: bigint
  blockNumber?: bigint | undefined
}

/** Binds the key, unless it is bound. @returns the hash of the request to which it is bound now. */
export async function bindKey(database: Database, binding: Binding): Promise<Hex> {
  const { key, request, claimId, round, blockNumber } = binding
  const { rows } = await stored(
    database.query(
      `INSERT INTO relay.idempotency_key AS bound (agent_id, wallet, key, body_hash, claim, round, block_number)
       VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (agent_id, wallet, key) DO UPDATE SET key = bound.key RETURNING body_hash`,
      [
        String(request.agentId),
        request.wallet,
        key,
        bodyHashOf(request),
        claimId,
        String(round),
        blockNumber === undefined ? null : String(blockNumber),
      ],
    ),
  )
  return rows[0].body_hash
}

/** Frees a key whose claim a reorg has undone, where no transaction of the relay can make it again. */
export const unbindKey = (database: Database, { agentId, wallet }: ClaimRequest, key: string) =>
  stored(
    database.query(
      `DELETE FROM relay.idempotency_key AS bound WHERE agent_id = $1 AND wallet = $2 AND key = $3
       AND NOT EXISTS (SELECT FROM relay.claim WHERE claim.id = bound.claim)`,
      [String(agentId), wallet, key],
    ),
  )

export const storableProblem = ({ code, message: detail, extensions, headers }: Problem): StoredProblem => ({
  ...{ code, detail, extensions, headers },
})

async function find(database: Database, text: string, values: unknown[]): Promise<StoredClaim[]> {
  const { rows } = await stored(database.query(text, values))
  return rows.map(claimOf)
}

type Row = {
  id: Hex
  bounty_id: string
  round: string
  agent_id: string
  wallet: Address
  signature: Hex | null
  deadline: string | null
  body_hash: Hex
  state: StoredClaim['state']
  tx: string
  tx_state: StoredClaim['tx']['state']
  last_hash: Hex
  tx_hash: Hex | null
  block_number: string | null
  problem: StoredProblem | null
}

function claimOf(row: Row): StoredClaim {
  const { signature, deadline } = row
  const signed = signature !== null && deadline !== null ? { signature, deadline: BigInt(deadline) } : undefined
  const names = { bountyId: BigInt(row.bounty_id), agentId: BigInt(row.agent_id), wallet: row.wallet }
  return {
    claimId: row.id,
    request: { ...names, ...(signed && { signed }) },
    round: BigInt(row.round),
    bodyHash: row.body_hash,
    state: row.state,
    tx: { id: BigInt(row.tx), state: row.tx_state, hash: row.last_hash },
    txHash: row.tx_hash ?? undefined,
    blockNumber: row.block_number === null ? undefined : BigInt(row.block_number),
    problem: row.problem ?? undefined,
  }
}
