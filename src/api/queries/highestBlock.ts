import type { Database } from './snapshot.ts'

/**
 * The highest block that readers of this index could see until now, from whichever process. The indexer stores it with
 * each block: see ops/builds/highestBlock.ts. A read replica has it as of the rows that it has.
 * @returns 0 if there was none, or where none is stored: `ponder dev`, which drops its tables at each reload.
 */
export async function readHighestBlock({ $client }: Database): Promise<bigint> {
  const stored = { name: 'highest block stored', text: `SELECT to_regclass('highest_block') AS relation` }
  const { rows: relations } = await $client.query<{ relation: string | null }>(stored, [])
  if (relations[0]?.relation === null) return 0n
  const highest = { name: 'highest block', text: 'SELECT number FROM highest_block' }
  const { rows } = await $client.query<{ number: string }>(highest, [])
  return BigInt(rows[0]?.number ?? 0)
}
