import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'

/** The pause before the next connection attempt. It doubles with each attempt that fails. */
const MIN_PAUSE_MS = 100
const MAX_PAUSE_MS = 10_000

/** How often a query is sent. Without one, a lost connection would go unnoticed. */
const PING_INTERVAL_MS = 10_000

/** How long closing the connection may take. */
const CLOSE_TIMEOUT_MS = 1_000

type Options = {
  /** Of the primary, and not of a transaction pooler: neither a standby nor a pooler delivers notifications. */
  url: string
  channel: string
  logger: Logger
}

/** Notifications of PostgreSQL. They may come late and, while there is no connection, not at all. */
export type Notifications = {
  /** Whether the connection is open. */
  isLive(): boolean
  /** @param listener gets the payload, or nothing where notifications may have been missed. */
  subscribe(listener: (payload?: string) => void): void
  close(): Promise<void>
}

/** Listens to a channel on a connection of its own, and reconnects until it is closed. */
export function listenTo({ url, channel, logger }: Options): Notifications {
  const listeners: ((payload?: string) => void)[] = []
  const closing = new AbortController()
  let isLive = false

  function notify(payload?: string) {
    for (const listener of listeners) listener(payload)
  }

  /** @throws once the connection is lost, or `close` is called. */
  async function listen() {
    const client = new pg.Client({
      connectionString: url,
      application_name: 'runline_notifications',
      connectionTimeoutMillis: 2_000,
      query_timeout: 3_000,
      keepAlive: true,
    })
    const { promise: broken, reject: end } = Promise.withResolvers<never>()
    broken.catch(() => undefined)
    client.on('error', end).on('notification', ({ payload }) => notify(payload))
    closing.signal.addEventListener('abort', end)
    const ping = setInterval(() => client.query('SELECT').catch(end), PING_INTERVAL_MS)
    try {
      await client.connect()
      await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`)
      isLive = true
      logger.info({ channel }, 'Listens to the database')
      // For notifications that were sent before this connection listened.
      notify()
      await broken
    } finally {
      clearInterval(ping)
      closing.signal.removeEventListener('abort', end)
      await Promise.race([client.end(), sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })])
    }
  }

  async function run() {
    let pause = MIN_PAUSE_MS
    while (!closing.signal.aborted) {
      await listen().catch((err) => {
        if (closing.signal.aborted) return
        logger.warn({ err, channel }, 'Cannot listen to the database: reconnecting, and polling until then')
      })
      pause = isLive ? MIN_PAUSE_MS : Math.min(2 * pause, MAX_PAUSE_MS)
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

/**
 * Listens to the notification that Ponder sends when it has committed a live block. It sends none when it reverts rows.
 * @param options.schema The schema of the views that the indexer keeps for readers.
 */
export const listenForBlocks = ({ schema, ...options }: Omit<Options, 'channel'> & { schema: string }): Notifications =>
  listenTo({ ...options, channel: `${schema}_live_query` })
