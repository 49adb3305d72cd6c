import { setTimeout as sleep } from 'node:timers/promises'
import {
  cancelStatement,
  cancelStatements,
  takeAllConnections,
  terminateSessions,
} from '../../test/support/databaseFaults.ts'
import { fillDisk } from './fillDisk.ts'
import type { Market } from './market.ts'

/** Longer than the 20 seconds that an indexer continues without an answer of PostgreSQL. */
const FULL_SECONDS = 32

const STORM_SECONDS = 6

/** An indexer notices frozen connections within some 12 seconds. */
const FROZEN_LIMIT_SECONDS = 40

/** More than the 25 seconds after which Ponder takes a build whose heartbeat is older for one that does not run. */
const CLOCK_SECONDS_AHEAD = 60
const CLOCK_SECONDS = 20

const QUIET_SECONDS = 10

const POLL_MS = 100

/** The sessions in which Ponder indexes, by their `application_name`. */
const INDEXER_SESSIONS = '^(runline_[0-9a-f]{10}|ponder_sync)'

/** Lines of PostgreSQL's log. */
const CANCELLED = /canceling statement due to user request/
const TERMINATED = /terminating connection due to administrator command/

export type Fault = {
  name: string
  /** What is done, for the help. */
  summary: string
  /**
   * Causes the fault, and resolves once its cause is over.
   * @returns what was done, for the report.
   * @throws if the fault cannot be caused here, or has not the effect that it must have.
   */
  cause(market: Market): Promise<string>
}

/** In this order. A fault begins once the market has recovered from the one before. */
export const faults: readonly Fault[] = [
  {
    name: 'none',
    summary: `nothing for ${QUIET_SECONDS} s, to compare with`,
    async cause() {
      await sleep(1_000 * QUIET_SECONDS)
      return `nothing for ${QUIET_SECONDS} s`
    },
  },
  {
    name: 'cancel',
    summary: 'PostgreSQL cancels a statement of an indexer',
    async cause({ databaseUrl, countLogged }) {
      const before = countLogged(CANCELLED)
      while (countLogged(CANCELLED) === before) {
        await cancelStatement(databaseUrl, INDEXER_SESSIONS)
        await sleep(POLL_MS)
      }
      return 'cancelled a statement of an indexer'
    },
  },
  {
    name: 'storm',
    summary: `every statement is cancelled for ${STORM_SECONDS} s`,
    async cause({ databaseUrl, countLogged }) {
      const before = countLogged(CANCELLED)
      await cancelStatements(databaseUrl, 1_000 * STORM_SECONDS)
      return `cancelled ${countLogged(CANCELLED) - before} statements in ${STORM_SECONDS} s`
    },
  },
  {
    name: 'sessions',
    summary: `every session is ended for ${STORM_SECONDS} s`,
    async cause({ databaseUrl, countLogged }) {
      const before = countLogged(TERMINATED)
      await terminateSessions(databaseUrl, 1_000 * STORM_SECONDS)
      return `ended ${countLogged(TERMINATED) - before} sessions in ${STORM_SECONDS} s`
    },
  },
  {
    name: 'connections',
    summary: `another application has all connections for ${FULL_SECONDS} s`,
    async cause({ postgres }) {
      const taken = await takeAllConnections(postgres.url)
      await sleep(1_000 * FULL_SECONDS)
      const count = taken.count()
      await taken.release()
      return `took all ${count} free connections for ${FULL_SECONDS} s`
    },
  },
  {
    name: 'frozen',
    summary: 'the connections of the indexer that readers see are frozen (half-open)',
    async cause({ serving }) {
      const { proxy, indexer, names } = await serving()
      const before = indexer.ends.length
      const count = proxy.freeze()
      const frozenAt = performance.now()
      while (indexer.ends.length === before) {
        if (performance.now() - frozenAt > 1_000 * FROZEN_LIMIT_SECONDS) {
          throw new Error(
            `The indexer has not noticed its ${count} frozen connections within ${FROZEN_LIMIT_SECONDS} s`,
          )
        }
        await sleep(POLL_MS)
      }
      return `froze ${count} connections of the ${names.indexer}`
    },
  },
  {
    name: 'disk',
    summary: 'the WAL that an idle replication slot keeps fills the disk of PostgreSQL',
    cause: fillDisk,
  },
  {
    name: 'clock',
    summary: `the clock of the host whose index readers see is ${CLOCK_SECONDS_AHEAD} s ahead for ${CLOCK_SECONDS} s`,
    async cause({ serving }) {
      const host = await serving()
      await host.setClock(CLOCK_SECONDS_AHEAD)
      await sleep(1_000 * CLOCK_SECONDS)
      await host.setClock(0)
      return `set the clock of ${host.names.indexer} and ${host.names.api} ${CLOCK_SECONDS_AHEAD} s ahead for ${CLOCK_SECONDS} s`
    },
  },
]
