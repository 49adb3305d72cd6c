import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { withConnection } from '../../core/database/withConnection.ts'
import type { World } from './world.ts'

/** Milliseconds between two mined blocks while an index that met faults catches up. */
const BLOCK_TIME = 2_000

const CONNECTION_MS = 2_000

/** Milliseconds between two mined blocks while the relay has unmined transactions. */
const RELAY_PAUSE = 250

type Options = {
  /** The time limit. */
  milliseconds: number
  /** Whether to mine blocks while waiting: Ponder repeats a failed request for a block only after a newer block. */
  chainMoves: boolean
}

/**
 * Waits until an index is consistent and at the chain's latest block. Errors of the database or the index are ignored
 * until the time limit.
 * @throws at the time limit, with the last state or error.
 */
export async function settled(databaseUrl: string, world: World, options: Options): Promise<void> {
  const begin = Date.now()
  let seen: unknown
  let nextBlock = begin + BLOCK_TIME
  for (; ; await sleep(100)) {
    const { number, hash } = await world.node.getBlock()
    try {
      const index = await headAndCheckpoint(databaseUrl)
      if (index?.hash === hash && index.checkpoint === String(number)) return
      seen = JSON.stringify(index)
    } catch (error) {
      seen = error
    }
    if (options.chainMoves && Date.now() > nextBlock) {
      nextBlock = Date.now() + BLOCK_TIME
      await world.node.mine({ blocks: 1 })
    }
    if (Date.now() > begin + options.milliseconds)
      throw new Error(`The index is not at block ${number}, ${hash}, but at ${seen}`)
  }
}

/**
 * Mines blocks until the relay has no transaction that is not mined: one that is mined while the end is compared, such as a
 * filler of a nonce, makes a block that the comparison does not expect. Errors of the database are ignored until the time
 * limit.
 * @throws after `milliseconds`, with the last state or error.
 */
export async function relaySettled(databaseUrl: string, world: World, milliseconds: number): Promise<void> {
  const limit = Date.now() + milliseconds
  for (let seen: unknown; ; await sleep(RELAY_PAUSE)) {
    try {
      const unmined = await firstRow<{ count: number }>(
        databaseUrl,
        `SELECT count(*)::int AS count FROM relay.tx WHERE state IN ('signed', 'accepted')`,
      )
      if (unmined?.count === 0) return
      seen = unmined?.count
    } catch (error) {
      seen = error
    }
    if (Date.now() > limit) throw new Error(`Not all transactions of the relay are mined; unmined are: ${seen}`)
    await world.node.mine({ blocks: 1 })
  }
}

const headAndCheckpoint = (databaseUrl: string) =>
  firstRow<{ number: string; hash: string; checkpoint: string }>(
    databaseUrl,
    `SELECT number, hash, substring(latest_checkpoint FROM 27 FOR 16)::int8 AS checkpoint
    FROM runline.head JOIN runline._ponder_checkpoint USING (chain_id)`,
  )

const firstRow = <Row extends pg.QueryResultRow>(connectionString: string, text: string) =>
  withConnection({ connectionString }, CONNECTION_MS, async (client) => (await client.query<Row>(text)).rows[0])
