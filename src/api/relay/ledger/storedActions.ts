import type { Address, Hash, Hex } from 'viem'
import type { Kinds, MessageRow } from '../kinds/kind.ts'
import { CLAIM, type Message, type NamedAction, UNSIGNED } from '../kinds/request.ts'
import { type Refusal, unavailable } from '../refusal.ts'
import { isHeld, type Lease } from '../sender/store/leases.ts'
import { type Database, query } from '../store/database.ts'

/** A stored refusal, for repeats of the request. */
export type StoredRefusal = Pick<Refusal, 'code' | 'detail' | 'extensions'>

/** The state of the chain transaction that a row has now. */
export type TxState = 'signed' | 'accepted' | 'mined' | 'final' | 'taken' | 'abandoned'

/** Whether a node is known to have the transaction of an open row. */
export const openStateOf = (tx: { state: TxState }): 'accepted' | 'signed' =>
  tx.state === 'accepted' ? 'accepted' : 'signed'

type PublicState = 'signed' | 'accepted' | 'mined' | 'final' | 'refused'

/** The state of a row as the API shows it. */
export function publicStateOf({ state, tx }: { state: string; tx: { state: TxState } }): PublicState {
  if (state === 'open') return openStateOf(tx)
  if (state === 'refused') return 'refused'
  return tx.state === 'final' ? 'final' : 'mined'
}

/** SQL: whether a row of the table is of one of these kinds, whose names are plain words. */
export const isOfKinds = (table: 'action' | 'tx', names: readonly string[]) =>
  `${table}.kind IN (${names.map((name) => `'${name}'`).join()})`

/** SQL: whether the row's transaction can no longer decide it. */
const IS_STRANDED = "action.state = 'open' AND tx.state NOT IN ('signed', 'accepted')"

/** SQL: whether `signer.address` has stranded rows of these kinds. */
export const hasStranded = (names: readonly string[]) => `EXISTS (
  SELECT FROM relay.action JOIN relay.tx ON tx.id = action.tx
  WHERE ${isOfKinds('action', names)} AND ${IS_STRANDED} AND tx.signer = signer.address)`

/** An action that got a nonce, and its state. */
export type StoredAction = NamedAction & {
  /** `open`: the chain has not decided it. */
  state: 'open' | 'done' | 'refused'
  /** Its current transaction. */
  tx: { id: bigint; state: TxState; hash: Hash }
  /** The transaction that decided it; null if it is open, was refused before it was mined, or was made without the relay. */
  txHash: Hash | null
  blockNumber: bigint | null
  /** The id of the run or agent that it made; null if it made none. */
  result: bigint | null
  problem: StoredRefusal | null
}

type Row = MessageRow &
  Omit<StoredAction, 'actionId' | 'request' | 'tx'> & {
    id: Hex
    signature: Hex | null
    txId: bigint
    txState: TxState
    newestHash: Hash
  }

export type ActionStore = ReturnType<typeof createActionStore>

/** The stored actions of the kinds that this build knows. Those of others are left to the builds that know them. */
export function createActionStore({ names, messageOf }: Pick<Kinds, 'names' | 'messageOf'>) {
  const select = `
    SELECT action.id, action.kind, party, deadline, agent_id AS "agentId", run_id AS "runId", round, body, signature,
      action.state, tx.id AS "txId", tx.state AS "txState", coalesce(tx.hash, newest.hash) AS "newestHash",
      tx_hash AS "txHash", action.block_number AS "blockNumber", result, problem
    FROM relay.action JOIN relay.tx ON tx.id = action.tx CROSS JOIN LATERAL (
      SELECT hash FROM relay.attempt WHERE attempt.tx = tx.id ORDER BY signed_at DESC LIMIT 1) AS newest
    WHERE ${isOfKinds('action', names)}`

  /** @param clauses SQL that follows the other conditions. */
  async function find(database: Database, clauses: string, values: unknown[]): Promise<StoredAction[]> {
    const rows = await query<Row>(database, `${select} AND ${clauses}`, values)
    return rows.map((row) => {
      const { id: actionId, signature, state, txId, txState, newestHash, txHash, blockNumber, result, problem } = row
      const request = { message: messageOf(row), signature: signature ?? UNSIGNED }
      const tx = { id: txId, state: txState, hash: newestHash }
      return { actionId, request, state, tx, txHash, blockNumber, result, problem }
    })
  }

  const byId = (database: Database, ids: readonly Hex[]) => find(database, 'action.id = ANY($1)', [ids])

  return {
    byId,

    /** Reads an action that was stored. @throws Refusal RELAY_UNAVAILABLE if a failover of the database lost it. */
    async get(database: Database, id: Hex): Promise<StoredAction> {
      const [found] = await byId(database, [id])
      if (!found) throw unavailable(`The relay’s database has lost ${id}: send it again.`)
      return found
    },

    ofTxs: (database: Database, ...txs: bigint[]) => find(database, 'action.tx = ANY($1)', [txs]),

    /** The open actions of a signer whose transaction can no longer decide them. */
    strandedOf: (database: Database, signer: Address) => find(database, `${IS_STRANDED} AND tx.signer = $1`, [signer]),

    /** The stored action with this id, and an open one about the same. */
    related: (database: Database, id: Hex | undefined, slot: string) =>
      find(database, '(action.id = $1 OR holds_slot AND slot = $2)', [id, slot]),

    /** The open claims of each run: the one that has its round reserved, and those that a reorg reopened. */
    async openClaimsOf(database: Database, bountyIds: readonly bigint[]): Promise<StoredAction[][]> {
      const clauses = `action.kind = '${CLAIM}' AND action.state = 'open' AND run_id = ANY($1::numeric[])
        ORDER BY holds_slot DESC`
      const runOf = ({ request: { message } }: StoredAction) => ('bountyId' in message ? message.bountyId : undefined)
      const open = Map.groupBy(await find(database, clauses, [bountyIds]), runOf)
      return bountyIds.map((bountyId) => open.get(bountyId) ?? [])
    },

    /**
     * The claim with which the agent and wallet have won the round, or which is open still: several signatures of theirs may be
     * about the same round.
     */
    async standingClaimOf(database: Database, message: Message, round: bigint): Promise<StoredAction | undefined> {
      if (message.action !== CLAIM) return undefined
      const { bountyId, agentId, party } = message
      const clauses = `action.kind = '${CLAIM}' AND run_id = $1 AND round = $2 AND agent_id = $3 AND party = $4
        AND action.state <> 'refused' ORDER BY action.state = 'done' DESC, tx_hash LIMIT 1`
      const [found] = await find(database, clauses, [bountyId, round, agentId, party])
      return found
    },

    /** The open actions of a party, and the open claims of an agent, which the limits count together. */
    openOf: (database: Database, party: Address, agentId: bigint | null) =>
      find(database, `action.state = 'open' AND (party = $1 OR action.kind = '${CLAIM}' AND agent_id = $2)`, [
        party,
        agentId,
      ]),

    /** The transactions that have made actions of a party. */
    async makersFor(database: Database, party: Address): Promise<Set<Hash>> {
      const text = `SELECT tx_hash AS hash FROM relay.action WHERE party = $1 AND state = 'done'`
      return new Set((await query<{ hash: Hash }>(database, text, [party])).map(({ hash }) => hash))
    },

    /**
     * The open actions of a signer's transactions with unused nonces, from `used` on, whose deadline is before `latest`, in
     * seconds; and the claims that are older than so many seconds: their run may have ended. The order is random, so that every
     * action is checked if there are more than `limit`.
     */
    expiringOf: (
      database: Database,
      signer: Address,
      { used, latest, stuckSeconds, limit }: { used: number; latest: bigint; stuckSeconds: number; limit: number },
    ) =>
      find(
        database,
        `action.state = 'open' AND tx.state IN ('signed', 'accepted') AND tx.signer = $1 AND tx.nonce >= $2
           AND (deadline < $3 OR action.kind = '${CLAIM}' AND EXISTS (SELECT FROM relay.attempt
             WHERE attempt.tx = tx.id AND signed_at < now() - make_interval(secs => $4)))
         ORDER BY random() LIMIT $5`,
        [signer, used, latest, stuckSeconds, limit],
      ),
  }
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
 * Gives an open row another transaction, if it still has the one that was read, and the lease is valid. It does not lock the
 * lease, as other keeper writes do: a process that is paused here must not keep the lease.
 * @returns the id of the transaction; undefined if it did not.
 */
export async function moveRow(database: Database, { signer, token }: Lease, id: Hex, old: bigint) {
  const text = `
    UPDATE relay.action SET tx = nextval('relay.tx_id')
    WHERE id = $3 AND tx = $4 AND state = 'open' AND ${isHeld} RETURNING tx`
  const [row] = await query<{ tx: bigint }>(database, text, [signer, token, id, old])
  return row?.tx
}
