import type pg from 'pg'
import { migrateSchema } from '../../../core/database/migrate.ts'
import { inTransactionOf } from '../../../core/database/transaction.ts'

/** How many words of a brief searches find, and tags besides. */
const MAX_WORDS = 1_000

/** The advisory lock that serialises migrations. Any number that no other user of the database uses. */
const LOCK = 7_286_543_023n

/** The migrations, in order. A released migration never changes. */
const migrations = [
  `
  CREATE TABLE content.item (
    cid text PRIMARY KEY,
    -- What a run names: ipfs://<cid>.
    uri text NOT NULL UNIQUE GENERATED ALWAYS AS ('ipfs://' || cid) STORED,
    media_type text NOT NULL,
    bytes bytea NOT NULL,
    -- The CIDs of the attachments, if it is a brief.
    attachments text[] NOT NULL,
    -- What it counts for in the limits, in bytes.
    charge int NOT NULL,
    -- Who posted it last, null a day later, and who posted it first: kept as long as the item, for takedowns.
    client text,
    first_client text,
    posted_at timestamptz NOT NULL DEFAULT now(),
    -- Since when the index shows no run, and no agent with stake, that names the item. Null while one does. Then it is kept.
    unnamed_since timestamptz DEFAULT now()
  );
  CREATE INDEX item_client ON content.item (client, posted_at) WHERE client IS NOT NULL;
  CREATE INDEX item_unnamed ON content.item (unnamed_since) WHERE unnamed_since IS NOT NULL;

  -- The sum of all charges. Posts lock the row, so that they count one after the other.
  CREATE TABLE content.total (
    one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    charge bigint NOT NULL
  );
  INSERT INTO content.total (charge) VALUES (0);

  -- What an operator has taken down, and is not stored again.
  CREATE TABLE content.blocked (
    cid text PRIMARY KEY,
    blocked_at timestamptz NOT NULL DEFAULT now()
  );

  -- Up to which time of the chain, in seconds, the events of each index were searched for what they name.
  CREATE TABLE content.searched (index_schema text PRIMARY KEY, until bigint NOT NULL);

  -- The items that are briefs. Readers of the index join them to runs.
  CREATE TABLE content.brief (
    uri text PRIMARY KEY REFERENCES content.item (uri) ON DELETE CASCADE,
    title text NOT NULL,
    summary text,
    tags text[] NOT NULL,
    -- All members that a brief has, as JSON.
    json text NOT NULL
  );
  -- Readers of the index find the brief of each run of a page. By a hash index they read fewer pages than by that of the
  -- primary key: under a mix of lists, PostgreSQL takes 6 % less CPU time.
  CREATE INDEX brief_uri ON content.brief USING hash (uri);

  -- The words of the briefs, for searches. In a table of their own: a page reads the texts without them.
  CREATE TABLE content.brief_words (
    uri text COLLATE "C" NOT NULL REFERENCES content.brief (uri) ON DELETE CASCADE,
    words tsvector NOT NULL
  );
  -- A search passes runs without a brief that matches. Each costs it one page of this index, and three of a primary key.
  CREATE INDEX brief_words_uri ON content.brief_words USING hash (uri);
  -- Each post adds its own words to the index. With fastupdate, one in a hundred adds those of all others, which takes seconds.
  CREATE INDEX brief_words_words ON content.brief_words USING gin (words) WITH (fastupdate = off);

  -- The first words of a text, up to so many: an index of words that no other text has takes several times their size.
  CREATE FUNCTION content.first_words(words tsvector) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN length(words) <= ${MAX_WORDS} THEN words ELSE ts_delete(words, ARRAY(
      SELECT lexeme FROM unnest(words) ORDER BY positions[1], lexeme OFFSET ${MAX_WORDS})) END
  $$;
  -- Where PostgreSQL looks for the end of a comment, or of 32 kB without a space, its parser takes seconds.
  CREATE FUNCTION content.quickly_parsed(description text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT regexp_replace(replace(description, '<!--', ' '), '(\\S{200})', '\\1 ', 'g')
  $$;
  -- Configuration simple, because briefs are in any language: the stop words and stems of one are words of others, and
  -- names such as C++ and Go have none. A tag is also the word #tag, which no text has: the parser drops the #.
  CREATE FUNCTION content.words_of(brief content.brief) RETURNS tsvector LANGUAGE sql STABLE AS $$
    SELECT content.first_words(to_tsvector('simple', concat_ws(' ', brief.title, brief.summary, array_to_string(brief.tags, ' '),
        content.quickly_parsed(brief.json::json ->> 'description'))))
      || coalesce(array_to_tsvector((SELECT array_agg('#' || tag) FROM unnest(brief.tags) AS tag)), '')
  $$;
  CREATE FUNCTION content.store_words() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO content.brief_words (uri, words) VALUES (NEW.uri, content.words_of(NEW));
    RETURN NULL;
  END $$;
  CREATE TRIGGER store_words AFTER INSERT ON content.brief FOR EACH ROW EXECUTE FUNCTION content.store_words();

  -- The items that can be ERC-8004 registration files. Readers of the index join them to agents.
  CREATE TABLE content.registration (
    uri text COLLATE "C" PRIMARY KEY REFERENCES content.item (uri) ON DELETE CASCADE,
    name text NOT NULL,
    description text
  );

  GRANT USAGE ON SCHEMA content TO PUBLIC;
  GRANT SELECT ON content.brief, content.brief_words, content.registration TO PUBLIC;
  `,
  `
  -- Agents that offer to do a run. The index has their records; they sign no transaction for it.
  CREATE TABLE content.application (
    bounty_id int8 NOT NULL,
    agent_id numeric(78) NOT NULL,
    -- The wallet that signed it, with EIP-55 checksum.
    wallet text NOT NULL,
    note text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (bounty_id, agent_id)
  );
  CREATE INDEX application_agent ON content.application (agent_id);
  GRANT SELECT ON content.application TO PUBLIC;
  `,
  `
  -- The chain whose runs name the content, and whose agents apply.
  CREATE TABLE content.chain (one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row), id int8 NOT NULL);
  `,
]

/** The database has the content of another chain. */
export class OtherChain extends Error {}

/**
 * Migrates schema `content` to the version of this build. Several processes may call it at once.
 * @throws OtherChain, or another error if a newer build has migrated it, if it is older than version 1, or if the role may not
 * create it.
 */
export async function migrateContent(pool: pg.Pool, chainId: number): Promise<void> {
  const { rows } = await inTransactionOf(pool, async (client) => {
    await migrateSchema(client, { schema: 'content', lock: LOCK, migrations })
    await client.query('INSERT INTO content.chain (id) VALUES ($1) ON CONFLICT DO NOTHING', [chainId])
    return client.query<{ id: string }>('SELECT id FROM content.chain')
  })
  const [chain] = rows
  if (Number(chain?.id) === chainId) return
  throw new OtherChain(
    `Schema content in DATABASE_URL belongs to chain ${chain?.id}, not ${chainId}: use another database`,
  )
}
