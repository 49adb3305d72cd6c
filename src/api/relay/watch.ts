import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Logger } from 'pino'
import type { Hex } from 'viem'
import { Problem } from '../errors.ts'
import { claimsById, type StoredClaim } from './claimStore.ts'

/** Milliseconds. */
const FAILURE_PAUSE = 500

/**
 * Watches the claims for which requests wait, all with one question per interval: any replica may settle them.
 * @param interval Milliseconds.
 * @returns a function that resolves to the claim once it is decided, or to undefined once `signal` aborts.
 */
export function createWatch(pool: pg.Pool, interval: number, logger: Logger) {
  const waiting = new Map<Hex, Set<(claim: StoredClaim) => void>>()
  let running = false

  async function run() {
    running = true
    while (waiting.size > 0) {
      try {
        for (const claim of await claimsById(pool, [...waiting.keys()])) {
          if (claim.state !== 'open') for (const tell of waiting.get(claim.claimId) ?? []) tell(claim)
        }
        await sleep(interval)
      } catch (error) {
        const level = error instanceof Problem ? 'warn' : 'error'
        logger[level]({ err: error, claims: waiting.size }, 'cannot look at claims')
        await sleep(FAILURE_PAUSE)
      }
    }
    running = false
  }

  return async function decided(claimId: Hex, signal: AbortSignal): Promise<StoredClaim | undefined> {
    if (signal.aborted) return undefined
    const { promise, resolve } = Promise.withResolvers<StoredClaim | undefined>()
    const giveUp = () => resolve(undefined)
    const listeners = waiting.get(claimId) ?? new Set()
    waiting.set(claimId, listeners.add(resolve))
    signal.addEventListener('abort', giveUp, { once: true })
    if (!running) void run()
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', giveUp)
      listeners.delete(resolve)
      if (listeners.size === 0) waiting.delete(claimId)
    }
  }
}
