// What tests read and change of the claims and actions in schema `relay`: other tests know none of these tables.
import type pg from 'pg'
import type { Address, Hex } from 'viem'

type Database = Pick<pg.Pool | pg.Client, 'query'>

/** The rows of the stored claims. */
export const CLAIM_ROWS = "relay.action WHERE kind = 'claim'"

/** Lets no claim be stored until the transaction ends. */
export const LOCK_CLAIMS = 'LOCK TABLE relay.action IN SHARE MODE'

const count = async (database: Database, from: string, values: unknown[] = []): Promise<number> =>
  (await database.query(`SELECT count(*)::int AS count FROM ${from}`, values)).rows[0].count

export const countClaimsOfRun = (database: Database, runId: bigint) =>
  count(database, `${CLAIM_ROWS} AND run_id = $1`, [runId])

/** The claims and actions that the chain has not decided. */
export const countOpen = (database: Database) => count(database, "relay.action WHERE state = 'open'")

/** The claims that were not refused. */
export async function standingClaims(database: Database): Promise<{ runId: string; state: string }[]> {
  const text = `SELECT run_id AS "runId", state FROM ${CLAIM_ROWS} AND state <> 'refused'`
  return (await database.query(text)).rows
}

/** The transactions with open claims that are not mined, and how many claims each has. */
export async function claimsInFlight(
  database: Database,
): Promise<{ id: string; state: 'signed' | 'accepted'; claims: number }[]> {
  const text = `
    SELECT tx.id, tx.state, count(*)::int AS claims FROM relay.action JOIN relay.tx ON tx.id = action.tx
    WHERE action.kind = 'claim' AND action.state = 'open' AND tx.state IN ('signed', 'accepted') GROUP BY tx.id`
  return (await database.query(text)).rows
}

/** The claim's first signed transaction. */
export async function firstBytesOf(database: Database, claimId: string): Promise<Hex> {
  const text = `SELECT raw FROM relay.attempt JOIN relay.action ON action.tx = attempt.tx WHERE action.id = $1
    ORDER BY signed_at LIMIT 1`
  return (await database.query(text, [claimId])).rows[0].raw
}

export async function keysOfAgent(database: Database, agentId: bigint): Promise<string[]> {
  const text = `SELECT idempotency_key AS key FROM ${CLAIM_ROWS} AND agent_id = $1 AND idempotency_key IS NOT NULL`
  return (await database.query(text, [agentId])).rows.map(({ key }) => key)
}

/** The reverts that count against the agent. */
export const countReverts = (database: Database, agentId: bigint) =>
  count(database, `${CLAIM_ROWS} AND agent_id = $1 AND reverted_at IS NOT NULL`, [agentId])

/** Shifts the agent's oldest revert into the past by a day. */
export const ageOldestRevert = (database: Database, agentId: bigint) =>
  database.query(
    `UPDATE relay.action SET reverted_at = reverted_at - interval '1 day' WHERE id = (
      SELECT id FROM ${CLAIM_ROWS} AND agent_id = $1 AND reverted_at IS NOT NULL ORDER BY reverted_at LIMIT 1)`,
    [agentId],
  )

/** What was sent for the wallet, as its limits count it. */
export const countSent = (database: Database, wallet: Address) =>
  count(database, 'relay.action WHERE party = $1', [wallet])

/** Shifts what was sent for the wallet into the past by this much. */
export const ageSent = (database: Database, wallet: Address, by: string) =>
  database.query('UPDATE relay.action SET created_at = created_at - $2::interval WHERE party = $1', [wallet, by])

/** How many transactions stored the actions of these parties, and in how many commits. */
export async function commitsOfActions(database: Database, parties: readonly Address[]) {
  const text = `
    SELECT count(*)::int AS attempts, count(DISTINCT attempt.xmin::text)::int AS commits
    FROM relay.attempt JOIN relay.action USING (tx) WHERE party = ANY($1)`
  return (await database.query<{ attempts: number; commits: number }>(text, [parties])).rows[0]
}

/** PostgreSQL refuses to store actions of the party. @returns a function that ends this. */
export async function refuseActionsOf(database: Database, party: Address): Promise<() => Promise<unknown>> {
  await database.query(`
    CREATE FUNCTION relay.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON relay.action FOR EACH ROW
      WHEN (NEW.party = '${party}') EXECUTE FUNCTION relay.refuse()`)
  return () => database.query('DROP FUNCTION relay.refuse() CASCADE')
}
