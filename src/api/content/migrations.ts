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
    -- Who posted it last. Null a day later.
    client text,
    posted_at timestamptz NOT NULL DEFAULT now(),
    -- Whether a run or an agent has named it, or it is an attachment of a brief that a run has named. Then it is kept.
    named boolean NOT NULL DEFAULT false
  );
  CREATE INDEX item_client ON content.item (client, posted_at) WHERE client IS NOT NULL;
  CREATE INDEX item_unnamed ON content.item (posted_at) WHERE NOT named;
  CREATE INDEX item_attachments ON content.item USING gin (attachments) WHERE named;

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
  `,
  `
  -- The items that are briefs. Readers of the index join them to runs.
  CREATE TABLE content.brief (
    uri text PRIMARY KEY REFERENCES content.item (uri) ON DELETE CASCADE,
    title text NOT NULL,
    summary text,
    tags text[] NOT NULL,
    -- All members that a brief has, as JSON.
    json text NOT NULL
  );
  GRANT USAGE ON SCHEMA content TO PUBLIC;
  GRANT SELECT ON content.brief TO PUBLIC;
  `,
  `
  -- Of as many briefs as CONTENT_MB allows, all words are found in minutes.
  SET LOCAL statement_timeout = '30min';

  -- The words of the briefs, for searches. In a table of their own: a page reads the texts without them, and this
  -- migration locks no table that is read.
  CREATE TABLE content.brief_words (
    uri text COLLATE "C" PRIMARY KEY REFERENCES content.brief (uri) ON DELETE CASCADE,
    words tsvector NOT NULL
  );

  -- Configuration simple, because briefs are in any language: the stop words and stems of one are words of others, and
  -- names such as C++ and Go have none. A tag is also the word #tag, which no text has: the parser drops the #.
  CREATE FUNCTION content.words_of(brief content.brief) RETURNS tsvector LANGUAGE sql STABLE AS $$
    SELECT to_tsvector('simple', concat_ws(' ', brief.title, brief.summary, array_to_string(brief.tags, ' '),
        brief.json::json ->> 'description'))
      || coalesce(array_to_tsvector((SELECT array_agg('#' || tag) FROM unnest(brief.tags) AS tag)), '')
  $$;

  -- A trigger, so that replicas of older builds store the words too.
  CREATE FUNCTION content.store_words() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO content.brief_words (uri, words) VALUES (NEW.uri, content.words_of(NEW));
    RETURN NULL;
  END $$;
  CREATE TRIGGER store_words AFTER INSERT ON content.brief FOR EACH ROW EXECUTE FUNCTION content.store_words();
  INSERT INTO content.brief_words (uri, words) SELECT uri, content.words_of(brief) FROM content.brief;
  CREATE INDEX brief_words_words ON content.brief_words USING gin (words);
  ANALYZE content.brief_words;

  -- How many briefs match, as PostgreSQL estimates it from the frequencies of words that ANALYZE stores. Volatile, because
  -- PostgreSQL refuses EXPLAIN in other functions.
  CREATE FUNCTION content.expected_briefs(query tsquery) RETURNS float8 LANGUAGE plpgsql VOLATILE AS $$
  DECLARE
    plan json;
  BEGIN
    EXECUTE format('EXPLAIN (FORMAT JSON) SELECT FROM content.brief_words WHERE words @@ %L::tsquery', query) INTO plan;
    RETURN plan -> 0 -> 'Plan' ->> 'Plan Rows';
  END $$;
  GRANT SELECT ON content.brief_words TO PUBLIC;
  `,
  `
  -- The items that can be ERC-8004 registration files. Readers of the index join them to agents.
  CREATE TABLE content.registration (
    uri text COLLATE "C" PRIMARY KEY REFERENCES content.item (uri) ON DELETE CASCADE,
    name text NOT NULL,
    description text
  );
  GRANT SELECT ON content.registration TO PUBLIC;

  -- Of what was posted before, without escapes: PostgreSQL fails at those that are no characters.
  SET LOCAL statement_timeout = '30min';
  INSERT INTO content.registration (uri, name, description)
  SELECT uri, file ->> 'name', CASE WHEN json_typeof(file -> 'description') = 'string' THEN left(file ->> 'description', 1000) END
  FROM (
    SELECT uri, convert_from(bytes, 'UTF8')::json AS file FROM content.item
    WHERE media_type = 'application/json' AND position('\\u' IN convert_from(bytes, 'UTF8')) = 0
    OFFSET 0
  ) AS item
  WHERE json_typeof(file) = 'object' AND json_typeof(file -> 'name') = 'string'
    AND length(file ->> 'name') BETWEEN 1 AND 120 AND file ->> 'name' !~ '[[:cntrl:]]';
  `,
  `
  SET LOCAL statement_timeout = '30min';

  -- When the words were stored: by this a reader of the index completes what a search found minutes ago. The time of the
  -- statement, because a post waits for others after its transaction began. As a second statement, because a default that
  -- is not constant would rewrite the table.
  ALTER TABLE content.brief_words ADD COLUMN stored_at timestamptz NOT NULL DEFAULT now();
  ALTER TABLE content.brief_words ALTER COLUMN stored_at SET DEFAULT clock_timestamp();
  CREATE INDEX brief_words_stored_at ON content.brief_words (stored_at);

  -- How often content was taken down. It never falls: what was unblocked is still deleted. A trigger, so that commands of older
  -- builds count too; they have locked the row.
  ALTER TABLE content.total ADD COLUMN takedowns bigint NOT NULL DEFAULT 0;
  CREATE FUNCTION content.count_takedown() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    UPDATE content.total SET takedowns = takedowns + 1;
    RETURN NULL;
  END $$;
  CREATE TRIGGER count_takedown AFTER INSERT ON content.blocked FOR EACH ROW EXECUTE FUNCTION content.count_takedown();
  GRANT SELECT (takedowns) ON content.total TO PUBLIC;
  `,
  `
  SET LOCAL statement_timeout = '30min';

  -- Readers of the index find the brief of each run of a page. By a hash index they read fewer pages than by that of the
  -- primary key: under a mix of lists, PostgreSQL takes 6 % less CPU time.
  CREATE INDEX brief_uri ON content.brief USING hash (uri);
  `,
  `
  SET LOCAL statement_timeout = '30min';

  -- Since when the index shows no run, and no agent with stake, that names the item. Null while one does. Then it is kept.
  ALTER TABLE content.item ADD COLUMN unnamed_since timestamptz DEFAULT now();
  UPDATE content.item SET unnamed_since = CASE WHEN named THEN NULL ELSE posted_at END;
  ALTER TABLE content.item DROP COLUMN named;
  CREATE INDEX item_unnamed ON content.item (unnamed_since) WHERE unnamed_since IS NOT NULL;

  -- Who posted it first. As client, it is kept as long as the item, for takedowns.
  ALTER TABLE content.item ADD COLUMN first_client text;
  UPDATE content.item SET first_client = client;

  -- The first words of a text, up to so many: an index of words that no other text has takes several times their size.
  CREATE FUNCTION content.first_words(words tsvector) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN length(words) <= ${MAX_WORDS} THEN words ELSE ts_delete(words, ARRAY(
      SELECT lexeme FROM unnest(words) ORDER BY positions[1], lexeme OFFSET ${MAX_WORDS})) END
  $$;
  -- Where PostgreSQL looks for the end of a comment, or of 32 kB without a space, its parser takes seconds.
  CREATE FUNCTION content.quickly_parsed(description text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT regexp_replace(replace(description, '<!--', ' '), '(\\S{200})', '\\1 ', 'g')
  $$;
  CREATE OR REPLACE FUNCTION content.words_of(brief content.brief) RETURNS tsvector LANGUAGE sql STABLE AS $$
    SELECT content.first_words(to_tsvector('simple', concat_ws(' ', brief.title, brief.summary, array_to_string(brief.tags, ' '),
        content.quickly_parsed(brief.json::json ->> 'description'))))
      || coalesce(array_to_tsvector((SELECT array_agg('#' || tag) FROM unnest(brief.tags) AS tag)), '')
  $$;

  -- Each post adds its own words to the index. Otherwise one in a hundred adds those of all others, which takes seconds.
  ALTER INDEX content.brief_words_words SET (fastupdate = off);
  SELECT gin_clean_pending_list('content.brief_words_words');

  -- What readers of the index no longer use.
  DROP FUNCTION content.expected_briefs;
  ALTER TABLE content.brief_words DROP COLUMN stored_at;
  DROP TRIGGER count_takedown ON content.blocked;
  DROP FUNCTION content.count_takedown;
  ALTER TABLE content.total DROP COLUMN takedowns;
  `,
]

/**
 * Migrates schema `content` to the version of this build. Several processes may call it at once.
 * @throws if a newer build has migrated it, or if the role may not create it.
 */
export async function migrateContent(pool: pg.Pool): Promise<void> {
  await inTransactionOf(pool, (client) => migrateSchema(client, { schema: 'content', lock: LOCK, migrations }))
}
