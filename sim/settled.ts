import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { World } from './world.ts'

/** How often the chain moves while an index that met faults comes to rest. Milliseconds. */
const BLOCK_TIME = 2_000

type Options = {
  /** Gives up then. */
  milliseconds: number
  /** Whether blocks are mined meanwhile: Ponder asks for a block that it failed to get only once there is a newer one. */
  chainMoves: boolean
}

/**
 * Waits until an index is whole and at the chain's latest block. Whatever a database or an index that is not in order
 * answers meanwhile is no failure.
 * @throws if it does not come to that in time, with what was seen last.
 */
export async function settled(databaseUrl: string, world: World, options: Options): Promise<void> {
  const begin = Date.now()
  let [seen, nextBlock]: [unknown, number] = [undefined, begin + BLOCK_TIME]
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

async function headAndCheckpoint(connectionString: string) {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    const { rows } = await client.query<{ number: string; hash: string; checkpoint: string }>(`
      SELECT number, hash, substring(latest_checkpoint FROM 27 FOR 16)::int8 AS checkpoint
      FROM runline.head JOIN runline._ponder_checkpoint USING (chain_id)`)
    return rows[0]
  } finally {
    await client.end()
  }
}
