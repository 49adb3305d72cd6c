import type { Address, Hex } from 'viem'
import { createRows, type StoredState } from '../../ledger/rows.ts'
import { type Database, query } from '../../store/database.ts'
import type { ClaimRequest, NamedClaim } from '../chain/market.ts'

/** The name of claims as a kind of action. */
export const CLAIM = 'claim'

/** What a claim occupies while it is open, and once it is won: no other claim of the round is sent. */
export const slotOfClaim = (bountyId: bigint, round: bigint) => `run ${bountyId} round ${round}`

/** A claim that got a nonce, and its state. */
export type StoredClaim = NamedClaim & Omit<StoredState, 'state'> & { state: 'open' | 'won' | 'refused' }

type Row = Omit<ClaimRequest, 'signed'> & { round: bigint; signature: Hex | null; deadline: bigint | null }

export const claimRows = createRows<Row, StoredClaim>(
  [CLAIM],
  'run_id AS "bountyId", round, agent_id AS "agentId", party AS wallet, signature, deadline',
  ({ id, bountyId, agentId, wallet, round, signature, deadline }, { state, ...stored }) => {
    const signed = signature !== null && deadline !== null ? { signature, deadline } : undefined
    const request = { bountyId, agentId, wallet, ...(signed && { signed }) }
    return { claimId: id, request, round, state: state === 'done' ? 'won' : state, ...stored }
  },
)
const { find } = claimRows

export const nameOf = ({ claimId, request, round }: NamedClaim): NamedClaim => ({ claimId, request, round })

/** The open claims of each run: the one that has its round reserved, and those that a reorg reopened. */
export async function openClaimsOf(database: Database, bountyIds: readonly bigint[]): Promise<StoredClaim[][]> {
  const clauses = "action.state = 'open' AND run_id = ANY($1::numeric[]) ORDER BY holds_slot DESC"
  const open = Map.groupBy(await find(database, clauses, [bountyIds]), ({ request }) => request.bountyId)
  return bountyIds.map((bountyId) => open.get(bountyId) ?? [])
}

export const openClaimsOfAgent = (database: Database, agentId: bigint) =>
  find(database, "action.state = 'open' AND agent_id = $1", [agentId])

/**
 * The claim with which the agent and wallet of the request have won the round, or which is open still: several signatures of
 * theirs may be about the same round.
 */
export async function standingClaimOf(
  database: Database,
  { bountyId, agentId, wallet }: ClaimRequest,
  round: bigint,
): Promise<StoredClaim | undefined> {
  const clauses = `run_id = $1 AND round = $2 AND agent_id = $3 AND party = $4 AND action.state <> 'refused'
    ORDER BY action.state = 'done' DESC, tx_hash LIMIT 1`
  const [found] = await find(database, clauses, [bountyId, round, agentId, wallet])
  return found
}

/** The number of claims in unmined transactions, by signer. */
export async function countUnminedClaims(database: Database): Promise<Map<Address, number>> {
  const text = `
    SELECT tx.signer, count(*)::int AS claims FROM relay.action JOIN relay.tx ON tx.id = action.tx
    WHERE action.kind = '${CLAIM}' AND tx.state IN ('signed', 'accepted') GROUP BY tx.signer`
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
    `action.state = 'open' AND tx.state IN ('signed', 'accepted') AND tx.signer = $1 AND tx.nonce >= $2
       AND (deadline < $3 OR EXISTS (SELECT FROM relay.attempt
         WHERE attempt.tx = tx.id AND signed_at < now() - make_interval(secs => $4)))
     ORDER BY random() LIMIT $5`,
    [signer, used, latest, stuckSeconds, limit],
  )
