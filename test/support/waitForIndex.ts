import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { positionOf } from '../../ops/builds/views.ts'
import { connect } from '../../ops/database/connect.ts'

/** The codes of a missing table, and of a deadlock with the switch of the views. */
const PASSING = ['42P01', '40P01']

/**
 * Waits until the tables that readers use are at `block` or later.
 * @throws after `milliseconds`.
 */
export async function waitForIndex(databaseUrl: string, block: bigint, milliseconds = 20_000): Promise<void> {
  const deadline = Date.now() + milliseconds
  await using client = await connect(databaseUrl)
  for (let seen = 'nothing'; ; await sleep(20)) {
    const position = await positionOf(client, 'runline').catch(undefinedIfPassing)
    if (position?.isConsistent && position.block >= block) return
    if (position) seen = `block ${position.block}${position.isConsistent ? '' : ', rewinding'}`
    if (Date.now() > deadline) throw new Error(`The index shows ${seen}, not block ${block}, after ${milliseconds} ms`)
  }
}

/** Ponder makes the views once its first backfill is done, and a new build replaces them. */
function undefinedIfPassing(error: unknown): undefined {
  if (!(error instanceof pg.DatabaseError && PASSING.includes(error.code ?? ''))) throw error
}
