import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../../ops/database/connect.ts'
import type { SmallDisk } from '../../test/support/smallDisk.ts'
import type { Market } from './market.ts'

/** How long the disk stays full, until the operator gives PostgreSQL a larger one. */
const FULL_SECONDS = 10

const LARGER = 3

/** How long PostgreSQL may take to recover with the larger disk. */
const RECOVERY_MS = 60_000

const POLL_MS = 100

/** PostgreSQL's log line of a write that failed. */
const NO_SPACE = /No space left on device/

/**
 * Fills PostgreSQL's disk with WAL that an idle replication slot keeps. After some seconds it does what the runbook tells an
 * operator: it gives PostgreSQL more space, starts it if it has ended, and drops the slot.
 * @returns what was done.
 */
export async function fillDisk(market: Market): Promise<string> {
  const { disk, postgres, databaseUrl } = market
  if (!disk) {
    throw new Error(
      'This user may not mount a file system, so no disk can be filled: run the game day as root on Linux',
    )
  }
  let hasEnded = false
  void postgres.part.ended.then(() => {
    hasEnded = true
  })
  await fill(market, disk)
  await sleep(1_000 * FULL_SECONDS)
  const outcome = hasEnded ? 'PostgreSQL ended' : 'PostgreSQL refused writes'
  await disk.enlarge(LARGER * disk.megabytes)
  if (hasEnded) await postgres.restart()
  const megabytes = await dropSlot(databaseUrl)
  return `filled a disk of ${disk.megabytes} MB with ${megabytes} MB of WAL for ${FULL_SECONDS} s: ${outcome}`
}

/** Makes WAL until PostgreSQL has no space for more. */
async function fill({ databaseUrl, countLogged }: Market, disk: SmallDisk): Promise<void> {
  const before = countLogged(NO_SPACE)
  await using client = await connect(databaseUrl)
  await client.query(`SELECT pg_create_physical_replication_slot('idle', true)`)
  let failure: unknown
  while (failure === undefined) {
    await client
      .query(`SELECT pg_logical_emit_message(false, 'filler', repeat('x', 4000000))`)
      // The last one fails, and mostly the session with it.
      .catch((error) => {
        failure = error
      })
  }
  if (countLogged(NO_SPACE) === before) {
    throw new Error(`The disk of ${disk.megabytes} MB did not become full`, { cause: failure })
  }
}

/** Waits until PostgreSQL answers, and drops the slot. @returns the megabytes of WAL that the slot kept. */
async function dropSlot(databaseUrl: string): Promise<number> {
  for (const deadline = performance.now() + RECOVERY_MS; ; await sleep(POLL_MS)) {
    try {
      await using client = await connect(databaseUrl)
      const { rows } = await client.query<{ megabytes: number }>(
        `SELECT (pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) / 1000000)::int AS megabytes
         FROM pg_replication_slots WHERE slot_name = 'idle'`,
      )
      await client.query(`SELECT pg_drop_replication_slot('idle')`)
      // Removes the WAL that it kept.
      await client.query('CHECKPOINT')
      return rows[0]?.megabytes ?? 0
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
  }
}
