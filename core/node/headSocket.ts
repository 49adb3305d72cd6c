import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { type Hash, hexToNumber } from 'viem'
import { type Block, isBlock } from './block.ts'

/** The header of a block, as a subscription to `newHeads` sends it: without transactions. */
export type Header = Block & { transactionsRoot: Hash }

const SUBSCRIBE = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params: ['newHeads'] })

/** The pause before the next connection. It doubles with each that brings no header. */
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000

export type HeadSocket = ReturnType<typeof createHeadSocket>

/**
 * The headers that a node sends by itself, by a WebSocket. It may send late, twice, or nothing at all, so they are hints: the
 * caller asks by HTTP as well.
 */
export function createHeadSocket(url: string, logger: Logger) {
  const endpoint = new URL(url).host
  let latest: Header | undefined
  let arrival = Promise.withResolvers<void>()
  let socket: WebSocket | undefined
  let pauseMs = FIRST_PAUSE_MS
  let heardAt = performance.now()

  function hear(text: unknown) {
    const { params, error } = JSON.parse(String(text))
    if (error) logger.warn({ endpoint, error }, 'WS_URL refuses the subscription to new heads')
    if (!isHeader(params?.result)) return
    latest = params.result
    heardAt = performance.now()
    pauseMs = FIRST_PAUSE_MS
    arrival.resolve()
    arrival = Promise.withResolvers()
  }

  function open() {
    if (socket) return
    const opened = new WebSocket(url)
    socket = opened
    opened.addEventListener('open', () => opened.send(SUBSCRIBE))
    opened.addEventListener('message', ({ data }) => {
      try {
        hear(data)
      } catch (err) {
        logger.warn({ endpoint, err }, 'WS_URL sent what is no JSON')
        opened.close()
      }
    })
    opened.addEventListener('close', () => {
      logger.warn({ endpoint, pauseMs }, 'The connection to WS_URL is closed: the node is polled until the next one')
      setTimeout(() => {
        if (socket === opened) socket = undefined
        open()
      }, pauseMs).unref()
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)
    })
    // `close` follows.
    opened.addEventListener('error', () => undefined)
  }

  return {
    /** Connects, if it has not, and stays connected. */
    open,
    latest: () => latest,
    /** Milliseconds since the last header, or since the start. */
    silentMs: () => performance.now() - heardAt,

    /** Connects anew: a connection may have been lost without notice. */
    reopen() {
      heardAt = performance.now()
      socket?.close()
    },

    /** Waits for a header of a later block. @returns undefined if none arrives in time. */
    async after(block: number, milliseconds: number): Promise<Header | undefined> {
      const timeout = new AbortController()
      const late = sleep(Math.max(0, milliseconds), 'late' as const, { signal: timeout.signal }).catch(
        () => 'late' as const,
      )
      try {
        for (;;) {
          if (latest && hexToNumber(latest.number) > block) return latest
          if ((await Promise.race([arrival.promise, late])) === 'late') return undefined
        }
      } finally {
        timeout.abort()
      }
    },
  }
}

const isHeader = (value: unknown): value is Header =>
  isBlock(value) && typeof value.logsBloom === 'string' && 'transactionsRoot' in value
