import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Runs `check`, which never fails, and again each `intervalMs` after it has ended. The signal of a check aborts when this
 * is stopped.
 * @returns a function that stops this, and resolves once no check runs.
 */
export function repeat(intervalMs: number, check: (stopping: AbortSignal) => Promise<void>): () => Promise<void> {
  const stopping = new AbortController()
  const { signal } = stopping
  const loop = (async () => {
    while (!signal.aborted) {
      await check(signal)
      await sleep(intervalMs, undefined, { signal }).catch(() => undefined)
    }
  })()

  return async () => {
    stopping.abort()
    await loop
  }
}
