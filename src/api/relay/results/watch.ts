import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Hex } from 'viem'
import { createVoidBatcher } from '../../batcher.ts'
import { Problem } from '../../http/errors.ts'
import type { NamedClaim } from '../chain/market.ts'

/** The delay between reads of all claims, and after a failed read. */
const LEAST_INTERVAL_MS = 20
const FAILURE_PAUSE_MS = 500

type Options<Found> = {
  /** Reads these claims by their ids. The result lacks claims that are still to be waited for. */
  look: (claims: readonly NamedClaim[]) => Promise<Map<Hex, Found>>
  /** Resolves when all claims should be read again, and at once when `signal` aborts. */
  pause: (signal: AbortSignal) => Promise<unknown>
  logger: Logger
}

type Waiting<Found> = { claim: NamedClaim; listeners: Set<(found: Found) => void> }

/** Waits for claims. All waiting claims share each read. */
export function createWatch<Found>({ look, pause, logger }: Options<Found>) {
  const waiting = new Map<Hex, Waiting<Found>>()
  let watching: AbortController | undefined

  async function lookAt(claims: readonly NamedClaim[]) {
    for (const [claimId, what] of await look(claims))
      for (const tell of waiting.get(claimId)?.listeners ?? []) tell(what)
  }

  const glance = createVoidBatcher((claims: readonly NamedClaim[]) => lookAt(claims).catch(warn))

  function warn(error: unknown) {
    const level = error instanceof Problem ? 'warn' : 'error'
    logger[level]({ err: error, claims: waiting.size }, 'cannot look at claims')
  }

  async function run({ signal }: AbortController) {
    while (!signal.aborted) {
      try {
        await pause(signal)
        if (!signal.aborted) await lookAt([...waiting.values()].map(({ claim }) => claim))
        await sleep(LEAST_INTERVAL_MS)
      } catch (error) {
        warn(error)
        await sleep(FAILURE_PAUSE_MS)
      }
    }
  }

  function enter({ claim, listeners }: Waiting<Found>, listener: (found: Found) => void) {
    listeners.add(listener)
    waiting.set(claim.claimId, { claim, listeners })
    void glance(claim)
    if (watching) return
    watching = new AbortController()
    void run(watching)
  }

  function leave({ claim, listeners }: Waiting<Found>, listener: (found: Found) => void) {
    listeners.delete(listener)
    if (listeners.size === 0) waiting.delete(claim.claimId)
    if (waiting.size > 0) return
    watching?.abort()
    watching = undefined
  }

  return {
    /** Makes the claim, or all claims if none is named, be read soon. */
    hint(claimId?: Hex) {
      for (const id of claimId === undefined ? waiting.keys() : [claimId]) {
        const watched = waiting.get(id)
        if (watched) void glance(watched.claim)
      }
    },

    /** @returns undefined if there is no result until `signal` aborts. */
    async until(claim: NamedClaim, signal: AbortSignal): Promise<Found | undefined> {
      if (signal.aborted) return undefined
      const { promise, resolve } = Promise.withResolvers<Found | undefined>()
      const giveUp = () => resolve(undefined)
      const watched = waiting.get(claim.claimId) ?? { claim, listeners: new Set() }
      enter(watched, resolve)
      signal.addEventListener('abort', giveUp, { once: true })
      try {
        return await promise
      } finally {
        signal.removeEventListener('abort', giveUp)
        leave(watched, resolve)
      }
    },
  }
}
