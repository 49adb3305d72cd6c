import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Hex } from 'viem'
import { Problem } from '../errors.ts'
import type { NamedClaim } from './events.ts'

/** Milliseconds. */
const FAILURE_PAUSE = 500

type Options<Found> = {
  /** What there is to be known of these claims, by their ids; nothing of those to be waited for. */
  look: (claims: NamedClaim[]) => Promise<Map<Hex, Found>>
  /** Resolves when it is worth looking again, and at once when `signal` aborts. */
  pause: (signal: AbortSignal) => Promise<unknown>
  logger: Logger
}

export type Watch<Found> = ReturnType<typeof createWatch<Found>>

/** Watches the claims for which requests wait, however many, with one question for all. */
export function createWatch<Found>({ look, pause, logger }: Options<Found>) {
  const waiting = new Map<Hex, { claim: NamedClaim; listeners: Set<(found: Found) => void> }>()
  let waking = new AbortController()
  let running = false

  async function run() {
    running = true
    while (waiting.size > 0) {
      waking = new AbortController()
      try {
        const found = await look([...waiting.values()].map(({ claim }) => claim))
        for (const [claimId, what] of found) for (const tell of waiting.get(claimId)?.listeners ?? []) tell(what)
        await pause(waking.signal)
      } catch (error) {
        const level = error instanceof Problem ? 'warn' : 'error'
        logger[level]({ err: error, claims: waiting.size }, 'cannot look at claims')
        await sleep(FAILURE_PAUSE)
      }
    }
    running = false
  }

  /** There may be something to be seen. */
  function wake() {
    if (!running) void run()
    else waking.abort()
  }

  return {
    wake,

    /** @returns undefined if there is nothing to be known of the claim until `signal` aborts. */
    async until(claim: NamedClaim, signal: AbortSignal): Promise<Found | undefined> {
      if (signal.aborted) return undefined
      const { promise, resolve } = Promise.withResolvers<Found | undefined>()
      const giveUp = () => resolve(undefined)
      const watched = waiting.get(claim.claimId) ?? { claim, listeners: new Set() }
      watched.listeners.add(resolve)
      waiting.set(claim.claimId, watched)
      signal.addEventListener('abort', giveUp, { once: true })
      wake()
      try {
        return await promise
      } finally {
        signal.removeEventListener('abort', giveUp)
        watched.listeners.delete(resolve)
        if (watched.listeners.size === 0) waiting.delete(claim.claimId)
      }
    },
  }
}
