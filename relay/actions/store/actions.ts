import type { Address, Hash, Hex } from 'viem'
import type { RunActionName } from '../../../market/runActions.ts'
import { type Refusal, unavailable } from '../../refusal.ts'
import { isHeld, type Lease } from '../../sender/store/leases.ts'
import { deleteOldTransactions } from '../../sender/store/oldTransactions.ts'
import { type Database, query } from '../../store/database.ts'
import { type Deletion, isOld } from '../../store/retention.ts'
import type { NamedAction } from '../request.ts'

/** The name of actions about runs as a kind of action. */
export const RUN_ACTION = 'run action'

/** A stored refusal, for repeats of the request. */
export type StoredRefusal = Pick<Refusal, 'code' | 'detail' | 'extensions'>

/** An action that got a nonce, and its state. */
export type StoredAction = NamedAction & {
  /** `open`: the chain has not decided it. */
  state: 'open' | 'done' | 'refused'
  /** Its current transaction. */
  tx: { id: bigint; state: 'signed' | 'accepted' | 'mined' | 'final' | 'taken' | 'abandoned'; hash: Hash }
  /** The transaction that decided it; null if it is open, or was refused before its transaction was mined. */
  txHash: Hash | null
  blockNumber: bigint | null
  problem: StoredRefusal | null
}

type Row = Omit<StoredAction, 'request' | 'tx'> & {
  name: RunActionName
  bountyId: bigint
  party: Address
  round: bigint
  revision: bigint
  text: string
  deadline: bigint
  signature: Hex
  txId: bigint
  txState: StoredAction['tx']['state']
  newestHash: Hash
}

const select = `
  SELECT action.id AS "actionId", name, bounty_id AS "bountyId", party, round, revision, action.text, deadline, signature,
    action.state, tx.id AS "txId", tx.state AS "txState", coalesce(tx.hash, newest.hash) AS "newestHash",
    tx_hash AS "txHash", action.block_number AS "blockNumber", problem
  FROM relay.action JOIN relay.tx ON tx.id = action.tx
  CROSS JOIN LATERAL (
    SELECT hash FROM relay.attempt WHERE attempt.tx = tx.id ORDER BY signed_at DESC LIMIT 1) AS newest`

async function find(database: Database, clauses: string, values: unknown[]): Promise<StoredAction[]> {
  const rows = await query<Row>(database, `${select} WHERE ${clauses}`, values)
  return rows.map(({ actionId, name, signature, state, txId, txState, newestHash, txHash, blockNumber, ...row }) => {
    const { bountyId, party, round, revision, text, deadline, problem } = row
    const message = { action: name, bountyId, party, round, revision, text, deadline }
    const tx = { id: txId, state: txState, hash: newestHash }
    return { actionId, request: { message, signature }, state, tx, txHash, blockNumber, problem }
  })
}

export const nameOf = ({ actionId, request }: NamedAction): NamedAction => ({ actionId, request })

export const actionsById = (database: Database, ids: readonly Hex[]) => find(database, 'action.id = ANY($1)', [ids])

/** Reads an action that was stored. @throws Refusal RELAY_UNAVAILABLE if a failover of the database lost it. */
export async function findAction(database: Database, id: Hex): Promise<StoredAction> {
  const [found] = await actionsById(database, [id])
  if (!found) throw unavailable(`The relay’s database has lost action ${id}: send it again.`)
  return found
}

/** The stored action with this id, or an open one of the same party about the same run. */
export const relatedActions = (database: Database, { actionId, request }: NamedAction) =>
  find(database, "action.id = $1 OR (action.state = 'open' AND party = $2 AND bounty_id = $3)", [
    actionId,
    request.message.party,
    request.message.bountyId,
  ])

/** The open actions of a party, about any run. */
export const openActionsOf = (database: Database, party: Address) =>
  find(database, "action.state = 'open' AND party = $1", [party])

export const actionsOf = (database: Database, ...txs: bigint[]) => find(database, 'action.tx = ANY($1)', [txs])

const IS_STRANDED = "action.state = 'open' AND tx.state NOT IN ('signed', 'accepted')"

/** The open actions of a signer whose transaction can no longer decide them. */
export const strandedActionsOf = (database: Database, signer: Address) =>
  find(database, `${IS_STRANDED} AND tx.signer = $1`, [signer])

/** An SQL condition on `signer.address`: whether the signer has such actions. */
export const HAS_STRANDED_ACTIONS = `EXISTS (SELECT FROM relay.action JOIN relay.tx ON tx.id = action.tx
  WHERE ${IS_STRANDED} AND tx.signer = signer.address)`

/** The open actions of a signer's unmined transactions whose deadline is before `latest`, in seconds. */
export const expiredActionsOf = (database: Database, signer: Address, latest: bigint, limit: number) =>
  find(
    database,
    `action.state = 'open' AND tx.state IN ('signed', 'accepted') AND tx.signer = $1 AND deadline < $2 LIMIT $3`,
    [signer, latest, limit],
  )

/** As `moveClaim`: gives an open action another transaction. @returns its id; undefined if it did not. */
export async function moveAction(database: Database, { signer, token }: Lease, { actionId, tx: old }: StoredAction) {
  const text = `
    UPDATE relay.action SET tx = nextval('relay.tx_id')
    WHERE id = $3 AND tx = $4 AND state = 'open' AND ${isHeld} RETURNING tx`
  const [row] = await query<{ tx: bigint }>(database, text, [signer, token, actionId, old.id])
  return row?.tx
}

/** Deletes old transactions with their actions. Open actions stay. */
export const oldActions: readonly Deletion[] = [
  deleteOldTransactions(RUN_ACTION, {
    isKept: `EXISTS (SELECT FROM relay.action WHERE action.tx = tx.id
      AND (action.state = 'open' OR NOT ${isOld('action.created_at')}))`,
    actions: 'actions AS (DELETE FROM relay.action USING old WHERE action.tx = old.id)',
  }),
]
