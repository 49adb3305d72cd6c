import { describe, expect, it } from 'vitest'
import { createRateLimit } from '../../src/api/http/clientLimits.ts'

const times = (count: number, take: () => number) => Array.from({ length: count }, take)

describe('a rate limit', () => {
  it.each([1, 3, 7, 60, 600, 6_000])('of %i a minute allows that many at once, and then returns the wait', (limit) => {
    const { take } = createRateLimit(limit)
    expect(times(limit, () => take('a', 1_000_000)).every((wait) => wait === 0)).toBe(true)
    expect(take('a', 1_000_000)).toBe(Math.round(60_000 / limit))
  })

  it('allows the next request exactly after the wait that it returned', () => {
    const { take } = createRateLimit(6)
    times(6, () => take('a', 0))
    expect(take('a', 5_000)).toBe(5_000)
    expect(take('a', 9_990)).toBe(10)
    expect(take('a', 10_000)).toBe(0)
    expect(take('a', 10_000)).toBe(10_000)
  })

  it('does not count refused requests', () => {
    const { take } = createRateLimit(6)
    times(6, () => take('a', 0))
    times(1_000, () => take('a', 0))
    expect(take('a', 10_000)).toBe(0)
  })

  it('is fully restored after a minute, and never exceeds its size', () => {
    const { take } = createRateLimit(6)
    times(6, () => take('a', 0))
    expect(times(7, () => take('a', 3_600_000))).toEqual([0, 0, 0, 0, 0, 0, 10_000])
  })

  it.each([1, 3, 7, 60, 600, 6_000])('of %i a minute says how many are left, as it allows them', (limit) => {
    const { take, left } = createRateLimit(limit)
    const intervalMs = 60_000 / limit
    expect(left('a', 0).remaining).toBe(limit)
    for (const now of [0, intervalMs / 2, 2.5 * intervalMs, 2.5 * intervalMs + 70_000]) {
      const { remaining } = left('a', now)
      const allowed = times(remaining + 1, () => take('a', now)).filter((wait) => wait === 0).length
      expect([now, allowed]).toEqual([now, remaining])
      const after = left('a', now)
      expect(after.remaining).toBe(0)
      expect(left('a', now + after.moreInMs + 0.01).remaining).toBeGreaterThan(0)
    }
  })

  it('is separate for each client', () => {
    const { take } = createRateLimit(1)
    expect([take('a', 0), take('a', 0), take('b', 0)]).toEqual([0, 60_000, 0])
  })

  it('keeps 50,000 clients, and drops the least recent', () => {
    const { take } = createRateLimit(1)
    for (let client = 0; client < 50_001; client++) take(String(client), 0)
    expect([take('50000', 0), take('1', 0), take('0', 0)]).toEqual([60_000, 60_000, 0])
  })
})
