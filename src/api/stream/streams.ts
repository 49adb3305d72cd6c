import type { Logger } from 'pino'
import { rateLimited } from '../http/clientLimits.ts'
import { Problem } from '../http/errors.ts'
import { createNetworkShares } from '../http/networkShares.ts'
import type { IndexReader } from '../index/reader.ts'
import type { Cursor } from '../queries/changes.ts'
import { ChangeFeed } from './changeFeed.ts'
import { type EndReason, EventStream } from './eventStream.ts'
import type { StreamFilter } from './filter.ts'

/** Shorter than the timeouts of idle connections in proxies. */
const HEARTBEAT_MS = 15_000

/** After how many seconds a client may try again where there are too many streams. */
const RETRY_AFTER_SECONDS = 10

/** The limit of hosts that set none. */
const MAX_STREAMS = 1_000

type Options = {
  index: IndexReader
  chainId: number
  logger: Logger
  /** How many streams this process may have, one client, and the clients of one /48 network. */
  maxStreams?: number
  maxPerClient?: number
  maxPerNetwork?: number
}

type Subscriber = { cursor: Cursor | undefined; client: string; cut(): void }

export type Streams = ReturnType<typeof createStreams>

/** The open streams of this process, within limits. */
export function createStreams(options: Options) {
  const { maxStreams = MAX_STREAMS, maxPerClient = maxStreams, maxPerNetwork = maxStreams } = options
  const feed = new ChangeFeed(options)
  const shares = createNetworkShares({ perClient: maxPerClient, perNetwork: maxPerNetwork })
  const ended = new Map<EndReason, number>()
  let sent = 0
  let isClosed = false

  const heartbeats = setInterval(() => {
    for (const stream of feed.streams) stream.sendHeartbeat()
  }, HEARTBEAT_MS).unref()

  return {
    figures: {
      open: () => feed.streams.size,
      /** How many events were sent on all streams. */
      sent: () => sent,
      /** How many streams have ended, by reason. */
      ended: ended as ReadonlyMap<EndReason, number>,
    },

    /**
     * Opens a stream of the changes from now on, or after the cursor. Streams are limited by the name of the client.
     * @param subscriber.cut cuts the connection, unless the client has taken the whole response.
     * @returns the body of the response.
     * @throws Problem RATE_LIMITED, STREAMS_UNAVAILABLE, or INDEX_BEHIND.
     */
    async start(filter: StreamFilter, { cursor, client, cut }: Subscriber) {
      const full = shares.full(client)
      if (full) {
        const detail = `${full.name} has ${full.limit} open streams, and may have ${full.limit}.`
        throw rateLimited(detail, RETRY_AFTER_SECONDS)
      }
      if (isClosed || feed.streams.size >= maxStreams) {
        const detail = isClosed ? 'This server is stopping.' : `This server has ${maxStreams} open streams.`
        throw new Problem('STREAMS_UNAVAILABLE', detail, { headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) } })
      }
      shares.add(client)
      const stream = new EventStream(filter, {
        onSend: (events) => {
          sent += events
        },
        onEnd: (reason) => {
          shares.remove(client)
          feed.delete(stream)
          ended.set(reason, (ended.get(reason) ?? 0) + 1)
        },
        cut,
      })
      try {
        await feed.add(stream, cursor)
      } catch (error) {
        feed.delete(stream)
        shares.remove(client)
        throw error
      }
      return stream.body
    },

    /** Ends all streams, and refuses new ones. */
    close() {
      isClosed = true
      clearInterval(heartbeats)
      for (const stream of [...feed.streams]) stream.close('SHUTDOWN')
    },
  }
}
