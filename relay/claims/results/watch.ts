import { EventEmitter, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Hex } from 'viem'
import { createVoidBatcher } from '../../../core/batcher.ts'
import { Refusal } from '../../refusal.ts'
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

/** Waits for claims. All waiting claims share each read. */
export function createWatch<Found>({ look, pause, logger }: Options<Found>) {
  const waiting = new Map<Hex, NamedClaim>()
  /** An event for each claim that is found, by its id. */
  const finds = new EventEmitter<Record<Hex, [Found]>>().setMaxListeners(0)
  let watching: AbortController | undefined

  async function lookAt(claims: readonly NamedClaim[]) {
    for (const [claimId, found] of await look(claims)) finds.emit(claimId, found)
  }

  const glance = createVoidBatcher((claims: readonly NamedClaim[]) => lookAt(claims).catch(warn))

  function warn(error: unknown) {
    const level = error instanceof Refusal ? 'warn' : 'error'
    logger[level]({ err: error, claims: waiting.size }, 'cannot look at claims')
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
    /** Makes the claim, or all claims if none is named, be read soon. */
    hint(claimId?: Hex) {
      for (const id of claimId === undefined ? waiting.keys() : [claimId]) {
        const claim = waiting.get(id)
        if (claim) void glance(claim)
      }
    },

    /** @returns undefined if there is no result until `signal` aborts. */
    async until(claim: NamedClaim, signal: AbortSignal): Promise<Found | undefined> {
      if (signal.aborted) return undefined
      const { claimId } = claim
      waiting.set(claimId, claim)
      void glance(claim)
      if (!watching) {
        watching = new AbortController()
        void run(watching)
      }
      try {
        const [found] = await once(finds, claimId, { signal })
        return found
      } catch {
        // `once` throws only if the signal aborts.
        return undefined
      } finally {
        if (finds.listenerCount(claimId) === 0) waiting.delete(claimId)
        if (waiting.size === 0) {
          watching?.abort()
          watching = undefined
        }
      }
    },
  }
}
