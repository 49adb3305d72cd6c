/**
 * Shares one result of `check` among all calls within `lifetimeMs` of its start. One check runs at a time; calls wait for
 * one that takes longer than its lifetime. A failure is shared only by the calls that wait for it.
 */
export function reuseResult<T>(lifetimeMs: number, check: () => Promise<T>): () => Promise<T> {
  let last: Promise<T> | undefined
  let startedAt = Number.NEGATIVE_INFINITY
  let isRunning = false

  return () => {
    if (last !== undefined && (isRunning || performance.now() - startedAt < lifetimeMs)) return last
    startedAt = performance.now()
    isRunning = true
    last = check()
      .catch((error) => {
        last = undefined
        throw error
      })
      .finally(() => {
        isRunning = false
      })
    return last
  }
}
