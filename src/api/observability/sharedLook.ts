/**
 * Shares one result of `look` among all who ask for it within `lifetime` of its start, a failure too. There is never more
 * than one look at a time: where one takes longer than that, all wait for it.
 * @param lifetime Milliseconds.
 */
export function shareLook<T>(lifetime: number, look: () => Promise<T>): () => Promise<T> {
  let last: Promise<T> | undefined
  let startedAt = Number.NEGATIVE_INFINITY
  let isRunning = false

  return () => {
    if (last !== undefined && (isRunning || performance.now() - startedAt < lifetime)) return last
    startedAt = performance.now()
    isRunning = true
    last = look().finally(() => {
      isRunning = false
    })
    return last
  }
}
