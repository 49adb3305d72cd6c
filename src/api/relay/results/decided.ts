import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Logger } from 'pino'
import type { Hex } from 'viem'
import { listenTo } from '../../notifications.ts'
import type { RelayEmitter } from '../events.ts'
import { claimsById, type StoredClaim } from '../store/claims.ts'
import { CHANNEL } from '../store/settlements.ts'
import { createWatch } from './watch.ts'

/** How often to look where nothing tells of it: a notification may be lost. Milliseconds. */
const TOLD_INTERVAL = 1_000
const UNTOLD_INTERVAL = 50

/** Watches for claims that any replica settles: this one tells itself, the others through the database. */
export function watchDecided(pool: pg.Pool, databaseUrl: string, events: RelayEmitter, logger: Logger) {
  const notifications = listenTo({ url: databaseUrl, channel: CHANNEL, logger })
  const watch = createWatch<StoredClaim>({
    async look(claims) {
      const ids = claims.map(({ claimId }) => claimId)
      const decided = (await claimsById(pool, ids)).filter(({ state }) => state !== 'open')
      return new Map(decided.map((claim) => [claim.claimId, claim]))
    },
    pause: (signal) =>
      sleep(notifications.isLive() ? TOLD_INTERVAL : UNTOLD_INTERVAL, undefined, { signal }).catch(() => undefined),
    logger,
  })
  notifications.subscribe((claimId) => watch.hint(claimId as Hex | undefined))
  // What this process has stored is notified to it too.
  events.on('claimDecided', ({ claimId }) => notifications.isLive() || watch.hint(claimId))
  return { ...watch, close: notifications.close }
}
