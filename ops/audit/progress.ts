/** Milliseconds between two lines of progress. */
const LOG_INTERVAL_MS = 10_000

export type Progress = ReturnType<typeof createProgress>

/**
 * Shows the progress of a long command: a line when a part begins, one in each interval, and one when it ends.
 * @param stream Not the stream of the results.
 */
export function createProgress(stream: NodeJS.WriteStream) {
  let part: string | undefined
  let shownAt = 0

  return {
    /** @param share The finished share of the part, from 0 to 1. */
    show(name: string, share: number, detail: string) {
      if (name === part && share < 1 && performance.now() - shownAt < LOG_INTERVAL_MS) return
      part = name
      shownAt = performance.now()
      stream.write(`${name}  ${Math.floor(100 * share)} %  ${detail}\n`)
    },
    /** Prints a line of another kind. */
    line(text: string) {
      stream.write(`${text}\n`)
    },
  }
}
