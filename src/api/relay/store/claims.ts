import { type Address, type Hex, keccak256, stringToHex } from 'viem'
import type { Problem, ProblemCode } from '../../errors.ts'
import type { ClaimRequest } from '../chain/market.ts'
import type { NamedClaim } from '../events.ts'
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
  tx: { id: bigint; state: 'signed' | 'accepted' | 'mined' | 'final' | 'taken'; hash: Hex }
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
  find(
    database,
    `${select} WHERE claim.state = 'open' AND tx.state IN ('mined', 'final', 'taken') AND tx.signer = $1`,
    [signer],
  )

/** The claim that was made under a client's key, and the words with which it was. */
export async function claimByKey(database: Database, key: string) {
  const text = 'SELECT claim, body_hash FROM relay.idempotency_key WHERE key = $1'
  const { rows } = await stored(database.query(text, [key]))
  const [row] = rows as { claim: Hex; body_hash: Hex }[]
  return row && { claimId: row.claim, bodyHash: row.body_hash }
}

/** @throws a unique violation if the key names something already. */
export const rememberKey = (database: Database, key: string, bodyHash: Hex, claimId: Hex) =>
  database.query('INSERT INTO relay.idempotency_key (key, body_hash, claim) VALUES ($1, $2, $3)', [
    ...[key, bodyHash, claimId],
  ])

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
