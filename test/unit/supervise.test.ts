import { expect, test } from 'vitest'
import { supervise } from '../support/supervise.ts'

test('a process that ends soon after each start is started again after pauses that double, up to the longest', async () => {
  const startedAt: number[] = []
  const part = { pid: 0, ended: Promise.resolve('exited with code 75'), output: () => '' }
  const start = async () => {
    startedAt.push(performance.now())
    return { part, stop: async () => undefined }
  }
  const supervised = supervise(start, { firstPauseMs: 20, longestPauseMs: 80 })
  await expect.poll(() => startedAt.length, { timeout: 5_000 }).toBeGreaterThan(5)
  await supervised.stop()
  const pauses = startedAt.slice(1, 6).map((at, place) => Math.ceil(at - (startedAt[place] ?? 0)))
  for (const [place, least] of [20, 40, 80, 80, 80].entries()) expect(pauses[place]).toBeGreaterThanOrEqual(least)
})
