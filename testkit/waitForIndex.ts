import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

/** The codes of a missing table, and of a deadlock with the switch of the views. */
const PASSING = ['42P01', '40P01']

/**
 * Waits until the tables that readers use are at `block` or later.
 * @throws after `milliseconds`.
 */
export async function waitForIndex(databaseUrl: string, block: bigint, milliseconds = 20_000): Promise<void> {
  const deadline = Date.now() + milliseconds
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    for (let seen = 'nothing'; ; await sleep(20)) {
      const snapshot = await headAndCheckpoint(client)
      if (snapshot && snapshot.head === snapshot.checkpoint && BigInt(snapshot.head) >= block) return
      if (snapshot) seen = `head ${snapshot.head}, checkpoint ${snapshot.checkpoint}`
      if (Date.now() > deadline)
        throw new Error(`The index shows ${seen}, not block ${block}, after ${milliseconds} ms`)
    }
  } finally {
    await client.end()
  }
}

async function headAndCheckpoint(client: pg.Client) {
  try {
    const { rows } = await client.query<{ head: string; checkpoint: string }>(`
      SELECT head.number AS head, substring(latest_checkpoint FROM 27 FOR 16)::int8 AS checkpoint
      FROM runline.head JOIN runline._ponder_checkpoint USING (chain_id)`)
    return rows[0]
  } catch (error) {
    // Ponder makes the views once its first backfill is done, and a standby replaces them.
    if (error instanceof pg.DatabaseError && PASSING.includes(error.code ?? '')) return undefined
    throw error
  }
}
