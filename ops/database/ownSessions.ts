import type { Socket } from 'node:net'
import type pg from 'pg'

/**
 * How long a connection may wait for an answer without a byte, until PostgreSQL is asked about its session. Longer than
 * TCP takes to repeat what a short failure of the network lost.
 */
const SILENT_MS = 10_000

/** How long PostgreSQL must have waited for this process, after a statement and within one that transfers rows. */
const IDLE_SECONDS = 3
const TRANSFER_SECONDS = 30

/** How long a new connection may take to be set up. */
const SET_UP_TIMEOUT_MS = 3_000

/** How long a connection is idle until this process asks its other end for a sign of life. It then gives it ten seconds. */
const KEEP_ALIVE_MS = 10_000

/**
 * Makes PostgreSQL end the session of a host that is lost after 30 seconds, with its locks; by default it takes two
 * hours. They are no startup parameters, because PgBouncer refuses connections with those.
 */
const SERVER_SETTINGS = {
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '4',
  tcp_user_timeout: '30000',
}

const SET_UP = `
  SELECT pid, extract(epoch FROM backend_start)::text AS started,
    ${Object.entries(SERVER_SETTINGS).map(([name, value]) => `set_config('${name}', '${value}', false)`)}
  FROM pg_stat_activity WHERE pid = pg_backend_pid()`

/** The sessions of this process that PostgreSQL has: $1 has their process ids, $2 when they started. */
const OWN = `unnest($1::int[], $2::text[]) AS own (pid, started)`
const SERVERS = `pg_stat_activity AS server
  ON server.pid = own.pid AND extract(epoch FROM server.backend_start)::text = own.started`

const FIND_FROZEN = `
  SELECT own.pid FROM ${OWN} LEFT JOIN ${SERVERS}
  WHERE server.pid IS NULL OR server.wait_event_type = 'Client' AND clock_timestamp() - server.state_change >
    make_interval(secs => CASE server.state WHEN 'active' THEN ${TRANSFER_SECONDS} ELSE ${IDLE_SECONDS} END)`

const END_ALL = `SELECT pg_terminate_backend(server.pid) FROM ${OWN} JOIN ${SERVERS} WHERE server.pid <> pg_backend_pid()`

/** What the driver has no public name for: the statement that waits for its answer, and the socket. */
type Internals = { _activeQuery: object | null; _ending: boolean; connection: { stream: Socket } }

type Session = { pid: number; started: string; bytes: number; silentSince: number }

export type OwnSessions = ReturnType<typeof createOwnSessions>

/**
 * The sessions of this process, to find those whose connection is frozen: a firewall or a proxy has forgotten it, and
 * drops what either end sends. Neither end gets to know, and a statement would wait a quarter of an hour for its answer.
 */
export function createOwnSessions(silentMs: number = SILENT_MS) {
  const sessions = new Map<pg.Client, Session>()

  /** Those that have waited for an answer, without a byte, for too long. It compares with the bytes at the last call. */
  function listSilent(): Session[] {
    const now = performance.now()
    for (const [client, session] of sessions) {
      const { _activeQuery, _ending, connection } = client as pg.Client & Internals
      const bytes = connection.stream.bytesRead + connection.stream.bytesWritten
      if (_activeQuery && !_ending && bytes === session.bytes) continue
      session.bytes = bytes
      session.silentSince = now
    }
    return [...sessions.values()].filter(({ silentSince }) => now - silentSince >= silentMs)
  }

  const idsOf = (listed: Session[]) => [listed.map(({ pid }) => pid), listed.map(({ started }) => started)]

  return {
    /** Adds the session of a client that has just connected, and has both ends notice when the other one is lost. */
    async add(client: pg.Client): Promise<void> {
      const { stream } = (client as pg.Client & Internals).connection
      stream.setKeepAlive(true, KEEP_ALIVE_MS)
      const query = { text: SET_UP, query_timeout: SET_UP_TIMEOUT_MS }
      const { rows } = await client.query<{ pid: number; started: string }>(query)
      const [session] = rows
      if (!session) throw new Error('PostgreSQL does not list the session that asks')
      sessions.set(client, { ...session, bytes: 0, silentSince: performance.now() })
      client.once('end', () => sessions.delete(client))
    },

    /**
     * Finds the sessions that wait for PostgreSQL while PostgreSQL waits for them, or no longer has them. To be called
     * about once a second.
     * @returns their process ids at PostgreSQL.
     */
    async findFrozen(client: pg.Client): Promise<number[]> {
      const suspects = listSilent()
      if (suspects.length === 0) return []
      const { rows } = await client.query<{ pid: number }>(FIND_FROZEN, idsOf(suspects))
      // An answer may have come in the meantime, also where this process was blocked and did not read it.
      const silent = new Set(listSilent().map(({ pid }) => pid))
      return rows.map(({ pid }) => pid).filter((pid) => silent.has(pid))
    },

    /** Ends every session of this process but that of the client, so that its locks do not outlive it. */
    async endAll(client: pg.Client): Promise<void> {
      await client.query(END_ALL, idsOf([...sessions.values()]))
    },
  }
}
