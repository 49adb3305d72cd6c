import { EventEmitter, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Hex } from 'viem'
import { createVoidBatcher } from '../../../../core/batcher.ts'
import type { Notifications } from '../../../../core/database/notifications.ts'
import { Refusal } from '../refusal.ts'

/** The delay between reads of all items, and after a failed read. */
const LEAST_INTERVAL_MS = 20
const FAILURE_PAUSE_MS = 500

type Options<Item, Found> = {
  idOf: (item: Item) => Hex
  /** Reads these items, by their ids. The result lacks items that are still to be waited for. */
  look: (items: readonly Item[]) => Promise<Map<Hex, Found>>
  /** Resolves when all items should be read again, and at once when `signal` aborts. */
  pause: (signal: AbortSignal) => Promise<unknown>
  logger: Logger
}

/** Waits for items, such as claims. All waiting items share each read. */
export function createWatch<Item, Found>({ idOf, look, pause, logger }: Options<Item, Found>) {
  const waiting = new Map<Hex, Item>()
  /** An event for each item that is found, by its id. */
  const finds = new EventEmitter<Record<Hex, [Found]>>().setMaxListeners(0)
  let watching: AbortController | undefined

  async function lookAt(items: readonly Item[]) {
    for (const [id, found] of await look(items)) finds.emit(id, found)
  }

  const glance = createVoidBatcher((items: readonly Item[]) => lookAt(items).catch(warn))

  function warn(error: unknown) {
    const level = error instanceof Refusal ? 'warn' : 'error'
    logger[level]({ err: error, waiting: waiting.size }, 'cannot look at what requests wait for')
  }

  async function run({ signal }: AbortController) {
    while (!signal.aborted) {
      try {
        await pause(signal)
        if (!signal.aborted) await lookAt([...waiting.values()])
        await sleep(LEAST_INTERVAL_MS)
      } catch (error) {
        warn(error)
        await sleep(FAILURE_PAUSE_MS)
      }
    }
  }

  return {
    /** Makes the item, or all items if none is named, be read soon. */
    hint(named?: Hex) {
      for (const id of named === undefined ? waiting.keys() : [named]) {
        const item = waiting.get(id)
        if (item) void glance(item)
      }
    },

    /** @returns undefined if there is no result until `signal` aborts. */
    async until(item: Item, signal: AbortSignal): Promise<Found | undefined> {
      if (signal.aborted) return undefined
      const id = idOf(item)
      waiting.set(id, item)
      void glance(item)
      if (!watching) {
        watching = new AbortController()
        void run(watching)
      }
      try {
        const [found] = await once(finds, id, { signal })
        return found
      } catch {
        // `once` throws only if the signal aborts.
        return undefined
      } finally {
        if (finds.listenerCount(id) === 0) waiting.delete(id)
        if (waiting.size === 0) {
          watching?.abort()
          watching = undefined
        }
      }
    },
  }
}

/** How often the states are read, with and without notifications. A notification may be lost. */
const NOTIFIED_INTERVAL_MS = 1_000
const POLL_INTERVAL_MS = 50

type DecisionOptions<Item, Decided> = {
  /** Of `DECISIONS_CHANNEL`. */
  notifications: Notifications
  idOf: (item: Item) => Hex
  /** Reads the stored items with these ids. */
  read: (ids: Hex[]) => Promise<Decided[]>
  logger: Logger
}

/** Waits for the decisions of stored claims or other actions, which the keeper of any replica may make. */
export function watchDecisions<Item, Decided extends Item & { state: string }>(
  options: DecisionOptions<Item, Decided>,
) {
  const { notifications, idOf, read, logger } = options
  const watch = createWatch<Item, Decided>({
    idOf,
    async look(items) {
      const decided = (await read(items.map(idOf))).filter(({ state }) => state !== 'open')
      return new Map(decided.map((one) => [idOf(one), one]))
    },
    pause(signal) {
      const interval = notifications.isLive() ? NOTIFIED_INTERVAL_MS : POLL_INTERVAL_MS
      return sleep(interval, undefined, { signal }).catch(() => undefined)
    },
    logger,
  })
  notifications.subscribe((id) => watch.hint(id as Hex | undefined))

  return {
    /** The decided item; undefined if it is not decided until the signal aborts. */
    of: watch.until,

    /** This process has stored a decision. It also receives the notification, if it receives any. */
    hint: (id: Hex) => notifications.isLive() || watch.hint(id),
  }
}
