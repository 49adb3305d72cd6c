import pg from 'pg'

/**
 * Follows the blocks of a build, by one trigger: it notifies the views' listeners of each, as Ponder notifies only listeners of
 * the build's schema, and keeps the highest block that readers could see, in the table `highest_block`. An API process that starts
 * shows no lower one, so a restart shows nothing older than before while the index replays blocks.
 *
 * A trigger stores it in the transaction that makes the block readable. So it costs readers nothing, and it is exact,
 * however a process ends. A database that loses the block's commit loses it too. It is dropped with the build, as where the
 * chain loses a finalized block. After a shorter reorg it may be higher than the chain's latest block.
 *
 * Call it while Ponder runs, before readers are switched to the build: the switch waits for blocks of the build, and a trigger is
 * created while none is stored.
 */
export async function followBlocks(client: Pick<pg.Pool, 'query'>, build: string, viewsSchema: string): Promise<void> {
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
    CREATE OR REPLACE FUNCTION ${schema}.follow_block() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN ${raise}; PERFORM pg_notify('${viewsSchema}_live_query', ''); RETURN NULL; END $$;
    CREATE OR REPLACE TRIGGER follow_block AFTER INSERT OR UPDATE ON ${schema}._ponder_checkpoint
      FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.follow_block();
    ${raise}`)
}
