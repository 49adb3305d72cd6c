-- The roles of the processes: none is a superuser. Run it once in the market's database, before the first start of the
-- indexer, as a superuser: INDEXER_PASSWORD=... RELAY_PASSWORD=... READER_PASSWORD=... psql -f roles.sql <database>
\set ON_ERROR_STOP on
\getenv indexer_password INDEXER_PASSWORD
\getenv relay_password RELAY_PASSWORD
\getenv reader_password READER_PASSWORD

-- Indexer, audit, and the commands of the index: owns the tables of the index, and Ponder's cache.
CREATE ROLE runline_indexer LOGIN PASSWORD :'indexer_password';
-- DATABASE_URL of the API, `npm run abandon:claims` and `content:block`: owns schemas `relay` and `content`, and reads the index.
CREATE ROLE runline_relay LOGIN PASSWORD :'relay_password';
-- DATABASE_READ_URL of the API: reads the index, and the briefs in `content`.
CREATE ROLE runline_reader LOGIN PASSWORD :'reader_password';

DO $$ BEGIN
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO runline_indexer, runline_relay, runline_reader', current_database());
  -- Each build of the index is a schema; the API creates its own. Ponder writes through temporary tables.
  EXECUTE format('GRANT CREATE, TEMPORARY ON DATABASE %I TO runline_indexer', current_database());
  EXECUTE format('GRANT CREATE ON DATABASE %I TO runline_relay', current_database());
END $$;

-- Each build is new schemas, tables and views.
ALTER DEFAULT PRIVILEGES FOR ROLE runline_indexer GRANT USAGE ON SCHEMAS TO runline_relay, runline_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE runline_indexer GRANT SELECT ON TABLES TO runline_relay, runline_reader;

-- The indexer compares the system identifier, so that it notices a failover to another server at once.
GRANT EXECUTE ON FUNCTION pg_control_system() TO runline_indexer, runline_relay, runline_reader;

-- What an earlier version made as a superuser.
DO $$
DECLARE
  schema record;
  object record;
BEGIN
  FOR schema IN
    SELECT oid, nspname AS name, CASE WHEN nspname IN ('relay', 'content') THEN 'runline_relay' ELSE 'runline_indexer' END AS owner
    FROM pg_namespace WHERE nspname IN ('relay', 'content', 'ponder_sync') OR nspname ~ '^(runline|audit_of_)'
  LOOP
    EXECUTE format('ALTER SCHEMA %I OWNER TO %I', schema.name, schema.owner);
    -- A column's sequence follows its table.
    FOR object IN
      SELECT format('TABLE %s', oid::regclass) AS name FROM pg_class
      WHERE relnamespace = schema.oid AND (relkind IN ('r', 'v') OR relkind = 'S' AND NOT EXISTS (
        SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype IN ('a', 'i')))
      UNION ALL
      SELECT format('ROUTINE %s', oid::regprocedure) FROM pg_proc WHERE pronamespace = schema.oid
      UNION ALL
      SELECT format('TYPE %s', oid::regtype) FROM pg_type WHERE typnamespace = schema.oid AND typtype = 'e'
    LOOP
      EXECUTE format('ALTER %s OWNER TO %I', object.name, schema.owner);
    END LOOP;
    CONTINUE WHEN schema.owner = 'runline_relay';
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO runline_relay, runline_reader', schema.name);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO runline_relay, runline_reader', schema.name);
  END LOOP;
END $$;
