// Wraps the driver, because Ponder gives no access to its connections and transactions. Call both functions before
// Ponder is imported.
import pg from 'pg'
import type { Logger } from 'pino'
import type { OwnSessions } from './ownSessions.ts'
import { exitForRestart } from './restart.ts'
import type { Witness } from './witness.ts'

type Connected = (error: Error | null, client?: pg.Client) => void

/**
 * Proves on each new connection of this process that no commit is lost, before a query can use it, and ends the process
 * if one is. Ponder turns `synchronous_commit` off, so a crash or a failover loses its last commits; but Ponder
 * reconnects and continues from its memory, and the lost rows would stay missing. The database then holds an earlier
 * consistent state, from which a restart resumes. The exit is immediate, because an orderly shutdown could commit one
 * more block on top of the lost ones.
 *
 * Each connection is added to `sessions`.
 */
export function proveConnections(witness: Witness, sessions: OwnSessions, logger: Logger): void {
  const connect: (this: pg.Client) => Promise<unknown> = pg.Client.prototype.connect

  async function connectAndProve(client: pg.Client) {
    await connect.call(client)
    endAtCrash(client, logger)
    try {
      if (await witness.isThere(client)) return await sessions.add(client)
    } catch (error) {
      // Ponder ignores the error of a connection, and would use it.
      void client.end()
      throw error
    }
    exitForRestart(logger, 'PostgreSQL crashed or failed over, and may have lost its last commits')
  }

  Object.assign(pg.Client.prototype, {
    connect(this: pg.Client, callback?: Connected) {
      const connected = connectAndProve(this)
      if (!callback) return connected
      connected.then(
        () => callback(null, this),
        (error: Error) => callback(error),
      )
    },
  })
}

/** PostgreSQL's code `crash_shutdown`, with which it warns its clients when one of its processes crashed. */
const CRASHED = '57P02'

/** Where its main process was killed, the code is the same as in an orderly shutdown. */
const KILLED = /unexpected postmaster exit/

/**
 * Ends this process as soon as PostgreSQL reports its own crash, so that the restart loads code while PostgreSQL recovers.
 * Without the report, or with one in another language, the proof on the next connection ends it.
 */
function endAtCrash(client: pg.Client, logger: Logger): void {
  const end = () => exitForRestart(logger, 'PostgreSQL reports a crash, and may have lost its last commits')
  const { connection } = client as pg.Client & { connection: pg.Connection }
  client.on('notice', ({ code }) => code === CRASHED && end())
  connection.on('errorMessage', ({ message }: Error) => KILLED.test(message) && end())
}

/** How drizzle begins a nested transaction. Ponder's own savepoints have other names. */
const NESTED = 'savepoint sp'

/** PostgreSQL's error code `disk_full`. */
const DISK_FULL = '53100'

/**
 * Calls `onCommit` after each COMMIT, and ends this process when a COMMIT fails.
 *
 * A COMMIT fails because its connection broke. Ponder then runs the block's handlers again, on rows that its cache still
 * has from the failed attempt: a counter of a band would count twice. It cannot know either whether PostgreSQL has
 * committed. A restart resumes from what the database has.
 *
 * It ends, too, when a nested transaction cannot begin, because its connection broke. Ponder has nested ones at its start
 * only, and would repeat this one on the same connection for two minutes.
 *
 * It also ends where PostgreSQL's disk is full: Ponder would repeat the statement for minutes, and then end with 1, after
 * which supervisors do not restart it.
 */
export function watchWrites(logger: Logger, onCommit: () => void): void {
  const query: (this: pg.Client, ...args: unknown[]) => unknown = pg.Client.prototype.query
  Object.assign(pg.Client.prototype, {
    query(this: pg.Client, ...args: unknown[]) {
      const result = query.apply(this, args)
      if (!(result instanceof Promise)) return result
      const text = textOf(args[0])?.toLowerCase()
      const isCommit = text === 'commit'
      result.then(
        () => isCommit && onCommit(),
        (err) => {
          if (err.code === DISK_FULL) exitForRestart(logger, 'The disk of PostgreSQL is full', { err })
          if (isCommit) exitForRestart(logger, 'A commit failed', { err })
          if (text?.startsWith(NESTED)) exitForRestart(logger, 'A connection broke in a transaction', { err })
        },
      )
      return result
    },
  })
}

function textOf(statement: unknown): string | undefined {
  if (typeof statement === 'string') return statement
  return (statement as { text?: string } | undefined)?.text
}
