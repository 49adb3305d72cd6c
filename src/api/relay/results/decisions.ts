import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Hex } from 'viem'
import type { Notifications } from '../../../../core/database/notifications.ts'
import { createWatch } from './watch.ts'

/** How often the states are read, with and without notifications. A notification may be lost. */
const NOTIFIED_INTERVAL_MS = 1_000
const POLL_INTERVAL_MS = 50

type Options<Item, Decided> = {
  /** Of `DECISIONS_CHANNEL`. */
  notifications: Notifications
  idOf: (item: Item) => Hex
  /** Reads the stored items with these ids. */
  read: (ids: Hex[]) => Promise<Decided[]>
  isDecided: (stored: Decided) => boolean
  logger: Logger
}

/** Waits for the decisions of stored claims or other actions, which the keeper of any replica may make. */
export function watchDecisions<Item, Decided extends Item>(options: Options<Item, Decided>) {
  const { notifications, idOf, read, isDecided, logger } = options
  const watch = createWatch<Item, Decided>({
    idOf,
    async look(items) {
      const decided = (await read(items.map(idOf))).filter(isDecided)
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
