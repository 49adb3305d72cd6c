import pg from 'pg'

/** The names that ops/startIndexer.ts gives to builds' schemas. */
export const NAME_PATTERN = '^runline_[0-9a-f]{10}$'

/** The schemas of the builds in the database. */
export async function listBuilds(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ schema: string }>(
    `SELECT schemaname AS schema FROM pg_tables WHERE tablename = '_ponder_meta' AND schemaname ~ $1 ORDER BY 1`,
    [NAME_PATTERN],
  )
  return rows.map(({ schema }) => schema)
}

/** The id of the chain that a build indexes; undefined until it has a checkpoint. */
export const chainOf = async (client: pg.ClientBase, build: string): Promise<number | undefined> =>
  (await readCheckpoint(client, build))?.chainId

/** The number of the latest block that a build counts as finalized; 0 until it has a checkpoint. */
export const finalizedBlockOf = async (client: pg.ClientBase, build: string): Promise<number> =>
  (await readCheckpoint(client, build))?.finalizedBlock ?? 0

async function readCheckpoint(client: pg.ClientBase, build: string) {
  const checkpoint = `${pg.escapeIdentifier(build)}._ponder_checkpoint`
  const { rows: tables } = await client.query('SELECT to_regclass($1) AS checkpoint', [checkpoint])
  if (tables[0].checkpoint === null) return undefined
  const { rows } = await client.query<{ chain: string; finalized: string }>(
    `SELECT chain_id AS chain, substring(finalized_checkpoint FROM 27 FOR 16)::int8 AS finalized FROM ${checkpoint}`,
  )
  return rows[0] && { chainId: Number(rows[0].chain), finalizedBlock: Number(rows[0].finalized) }
}
