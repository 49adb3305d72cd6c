import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'

/** From a failure to the next try; doubles with each that fails again. Milliseconds. */
const LEAST_PAUSE = 100
const MOST_PAUSE = 10_000

/** How often the connection is used, for else it would not show that the other end is gone. Milliseconds. */
const BEAT_INTERVAL = 10_000

/** How long an orderly end of the connection may take. Milliseconds. */
const END_PATIENCE = 1_000

type Options = {
  /** Of the primary, and not through a pooler of transactions: neither this nor a standby hears notifications. */
  url: string
  channel: string
  logger: Logger
}

/** What PostgreSQL notifies is a hint only: it may come late, or, while there is no connection, not at all. */
export type Notifications = {
  /** Whether hints can be expected. */
  isLive(): boolean
  /** @param hint gets what was sent with the notification; nothing where others may have been missed. */
  subscribe(hint: (payload?: string) => void): void
  close(): Promise<void>
}

/**
 * Listens to a channel on a connection of its own. Without a connection it tries again until it is closed, and no hints
 * can be expected meanwhile.
 */
export function listenTo({ url, channel, logger }: Options): Notifications {
  const listeners: ((payload?: string) => void)[] = []
  const closing = new AbortController()
  let isLive = false

  function hint(payload?: string) {
    for (const tell of listeners) tell(payload)
  }

  /** @throws once there is no connection any more, or `close` is called. */
  async function listen() {
    const client = new pg.Client({
      connectionString: url,
      application_name: 'runline_hints',
      connectionTimeoutMillis: 2_000,
      query_timeout: 3_000,
      keepAlive: true,
    })
    const { promise: broken, reject: end } = Promise.withResolvers<never>()
    broken.catch(() => undefined)
    client.on('error', end).on('notification', ({ payload }) => hint(payload))
    closing.signal.addEventListener('abort', end)
    const beat = setInterval(() => client.query('SELECT').catch(end), BEAT_INTERVAL)
    try {
      await client.connect()
      await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`)
      isLive = true
      logger.info({ channel }, 'Listens to the database')
      // For what was notified while nobody listened.
      hint()
      await broken
    } finally {
      clearInterval(beat)
      closing.signal.removeEventListener('abort', end)
      await Promise.race([client.end(), sleep(END_PATIENCE, undefined, { ref: false })])
    }
  }

  async function run() {
    let pause = LEAST_PAUSE
    while (!closing.signal.aborted) {
      await listen().catch((err) => {
        if (closing.signal.aborted) return
        logger.warn({ err, channel }, 'Cannot listen to the database: what it tells will show later')
      })
      pause = isLive ? LEAST_PAUSE : Math.min(2 * pause, MOST_PAUSE)
      isLive = false
      await sleep(pause, undefined, { signal: closing.signal }).catch(() => undefined)
    }
  }

  const ended = run()
  return {
    isLive: () => isLive,
    subscribe: (listener) => listeners.push(listener),
    async close() {
      closing.abort()
      await ended
    },
  }
}
