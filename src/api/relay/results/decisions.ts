import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Logger } from 'pino'
import type { Hex } from 'viem'
import { listenTo } from '../../database/notifications.ts'
import { Problem } from '../../http/errors.ts'
import type { RelayEmitter } from '../events.ts'
import type { ClaimOutcome } from '../relay.ts'
import { claimsById, type StoredClaim } from '../store/claims.ts'
import { CHANNEL } from '../store/settlements.ts'
import { createWatch } from './watch.ts'

/** How often to read the claims’ states, with and without notifications: one may be lost. */
const NOTIFIED_INTERVAL_MS = 1_000
const POLL_INTERVAL_MS = 50

/** Watches for the claims that any replica’s keeper decides. */
export function watchDecisions(pool: pg.Pool, databaseUrl: string, events: RelayEmitter, logger: Logger) {
  const notifications = listenTo({ url: databaseUrl, channel: CHANNEL, logger })
  const watch = createWatch<StoredClaim>({
    async look(claims) {
      const ids = claims.map(({ claimId }) => claimId)
      const decided = (await claimsById(pool, ids)).filter(({ state }) => state !== 'open')
      return new Map(decided.map((claim) => [claim.claimId, claim]))
    },
    pause(signal) {
      const interval = notifications.isLive() ? NOTIFIED_INTERVAL_MS : POLL_INTERVAL_MS
      return sleep(interval, undefined, { signal }).catch(() => undefined)
    },
    logger,
  })
  notifications.subscribe((claimId) => watch.hint(claimId as Hex | undefined))
  // What this process stores is notified to it too.
  events.on('claimDecided', ({ claimId }) => notifications.isLive() || watch.hint(claimId))
  return { ...watch, close: notifications.close }
}

/** What a request for a stored claim is answered now. @throws Problem with the reason where it was refused. */
export function outcomeOf({ claimId, round, state, tx, txHash, blockNumber, problem }: StoredClaim): ClaimOutcome {
  if (state === 'refused') {
    if (!problem) throw new Error(`Claim ${claimId} is refused without a reason`)
    const { code, detail, extensions, headers } = problem
    throw new Problem(code, detail, { extensions, headers })
  }
  if (state === 'open') {
    return { claimId, round, status: tx.state === 'accepted' ? 'accepted' : 'signed', txHash: tx.hash }
  }
  if (blockNumber === undefined) throw new Error(`Claim ${claimId} is won in no block`)
  return { claimId, round, status: 'won', blockNumber, ...(txHash && { txHash }) }
}
