import { setTimeout as sleep } from 'node:timers/promises'

/** The interval between two reads. */
const READ_INTERVAL_MS = 20

/**
 * Reads the list of open runs over and over. Each answer must have one run, and no earlier block than the one before.
 * @returns a function that stops it, with what it saw.
 */
export function readList(apiUrl: string) {
  const seen = { longestMs: 0, wrong: [] as string[], block: 0 }
  let isOver = false
  const reading = (async () => {
    let answeredAt = performance.now()
    // The last read begins after the end, so that it sees what the test has waited for.
    for (let isLast = false; !isLast; await sleep(READ_INTERVAL_MS)) {
      isLast = isOver
      const response = await fetch(`${apiUrl}/api/runs?state=OPEN`)
      const body = (await response.json()) as { runs?: unknown[]; code?: string }
      seen.longestMs = Math.max(seen.longestMs, performance.now() - answeredAt)
      if (response.status !== 200) {
        if (response.status !== 503 || body.code !== 'INDEX_BEHIND') seen.wrong.push(`${response.status} ${body.code}`)
        continue
      }
      answeredAt = performance.now()
      const block = Number(response.headers.get('X-Indexed-Block'))
      if (block < seen.block) seen.wrong.push(`block ${block} after ${seen.block}`)
      if (body.runs?.length !== 1) seen.wrong.push(`${body.runs?.length} runs`)
      seen.block = block
    }
  })()
  return async () => {
    isOver = true
    await reading
    return seen
  }
}
