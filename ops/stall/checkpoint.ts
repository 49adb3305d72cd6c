import pg from 'pg'

export type Checkpoint = {
  /** The number of the last block that Ponder has committed. */
  block: number
  /** Changes with each commit of Ponder's. */
  mark: string
}

/** Ponder's checkpoint, which a backfill moves too. Undefined until the first start of the build has stored one. */
export async function readCheckpoint(client: Pick<pg.Pool, 'query'>, build: string): Promise<Checkpoint | undefined> {
  const table = `${pg.escapeIdentifier(build)}._ponder_checkpoint`
  const { rows: tables } = await client.query('SELECT to_regclass($1) AS checkpoint', [table])
  if (tables[0].checkpoint === null) return undefined
  const { rows } = await client.query<Omit<Checkpoint, 'block'> & { block: string }>(
    `SELECT substring(latest_checkpoint FROM 27 FOR 16)::int8 AS block, latest_checkpoint AS mark FROM ${table}`,
  )
  return rows[0] && { ...rows[0], block: Number(rows[0].block) }
}
