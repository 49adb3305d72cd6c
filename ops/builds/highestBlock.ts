import pg from 'pg'

/**
 * Keeps the highest block that readers of the build could see, in its table `highest_block`. An API process that starts
 * shows no lower one, so a restart shows nothing older than before while the index replays blocks.
 *
 * A trigger stores it in the transaction that makes the block readable. So it costs readers nothing, and it is exact,
 * however a process ends. A database that loses the block's commit loses it too. It is dropped with the build, as where the
 * chain loses a finalized block. After a shorter reorg it may be higher than the chain's latest block.
 *
 * Call it while Ponder runs, before readers see the build.
 */
export async function keepHighestBlock(client: Pick<pg.Pool, 'query'>, build: string): Promise<void> {
  const schema = pg.escapeIdentifier(build)
  const raise = `
    INSERT INTO ${schema}.highest_block (number)
    SELECT number FROM ${schema}.head JOIN ${schema}._ponder_checkpoint USING (chain_id)
    WHERE number = substring(latest_checkpoint FROM 27 FOR 16)::int8
    ON CONFLICT (one_row) DO UPDATE SET number = greatest(highest_block.number, excluded.number)`
  // One transaction. The lock of the trigger's creation keeps blocks from being committed until its end.
  await client.query(`
    CREATE TABLE IF NOT EXISTS ${schema}.highest_block (
      one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
      number int8 NOT NULL
    );
    CREATE OR REPLACE FUNCTION ${schema}.raise_highest_block() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN ${raise}; RETURN NULL; END $$;
    CREATE OR REPLACE TRIGGER raise_highest_block AFTER INSERT OR UPDATE ON ${schema}._ponder_checkpoint
      FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.raise_highest_block();
    ${raise}`)
}
