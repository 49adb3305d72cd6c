import { setTimeout as sleep } from 'node:timers/promises'
import type { Hash } from 'viem'

/** The interval between two reads. */
const READ_INTERVAL_MS = 20

/** The longest time that readers may get no answer for when one of two indexers fails, beside other tests. Alone: `bench restarts`. */
export const OUTAGE_LIMIT_MS = 3_000

/**
 * Reads the list of open runs over and over. Each answer must have `runs` runs, and no earlier block than the one before.
 * @param runs null if a reorg changes the number.
 * @returns a function that stops it, with what it saw.
 */
export function readList(apiUrl: string, runs: number | null = 1) {
  const seen = { longestMs: 0, wrong: [] as string[], block: 0, answers: [] as { hash: Hash; runs: number }[] }
  let isOver = false
  const reading = (async () => {
    let answeredAt = performance.now()
    // The last read begins after the end, so that it sees what the test has waited for.
    for (let isLast = false; !isLast; await sleep(READ_INTERVAL_MS)) {
      isLast = isOver
      const response = await fetch(`${apiUrl}/api/runs?state=OPEN`)
      const body = (await response.json()) as { runs?: unknown[] }
      seen.longestMs = Math.max(seen.longestMs, performance.now() - answeredAt)
      if (response.status !== 200) continue
      answeredAt = performance.now()
      const block = Number(response.headers.get('X-Indexed-Block'))
      if (block < seen.block) seen.wrong.push(`block ${block} after ${seen.block}`)
      const count = body.runs?.length ?? Number.NaN
      if (runs !== null && count !== runs) seen.wrong.push(`${count} runs`)
      seen.answers.push({ hash: response.headers.get('X-Indexed-Hash') as Hash, runs: count })
      seen.block = block
    }
  })()
  return async () => {
    isOver = true
    await reading
    return seen
  }
}
