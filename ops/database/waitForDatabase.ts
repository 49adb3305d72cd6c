import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { connect } from './connect.ts'

/**
 * While PostgreSQL starts, it refuses connections, or accepts them and answers `cannot_connect_now`. While other clients
 * have all its connections, it answers `too_many_connections`.
 */
const PASSING = ['ECONNREFUSED', '57P03', '53300']

/** As long as a running indexer continues without an answer. */
const LIMIT_MS = 20_000

const RETRY_MS = 50

/**
 * Waits while PostgreSQL starts, recovers from a crash, or has no connection for this process.
 * @throws any other error, and after 20 seconds the error of the last attempt.
 */
export async function waitForDatabase(databaseUrl: string, logger: Logger): Promise<void> {
  const deadline = performance.now() + LIMIT_MS
  for (let attempt = 1; ; attempt++) {
    try {
      await (await connect(databaseUrl)).end()
      return
    } catch (err) {
      if (!isPassing(err) || performance.now() >= deadline) throw err
      if (attempt === 1) logger.warn({ err }, 'PostgreSQL does not accept connections: waiting up to 20 seconds')
      await sleep(RETRY_MS)
    }
  }
}

const isPassing = (error: unknown) => error instanceof Error && 'code' in error && PASSING.includes(String(error.code))
