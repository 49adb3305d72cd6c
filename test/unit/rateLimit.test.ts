import { describe, expect, it } from 'vitest'
import { createRateLimit } from '../../src/api/http/clientLimits.ts'

const times = (count: number, take: () => number) => Array.from({ length: count }, take)

describe('a rate limit', () => {
  it.each([1, 3, 7, 60, 600, 6_000])('of %i a minute lets as many through at once, and then says how long', (limit) => {
    const take = createRateLimit(limit)
    expect(times(limit, () => take('a', 1_000_000)).every((wait) => wait === 0)).toBe(true)
    expect(take('a', 1_000_000)).toBe(Math.round(60_000 / limit))
  })

  it('lets the next through after the wait it told, and not before', () => {
    const take = createRateLimit(6)
    times(6, () => take('a', 0))
    expect(take('a', 5_000)).toBe(5_000)
    expect(take('a', 9_990)).toBe(10)
    expect(take('a', 10_000)).toBe(0)
    expect(take('a', 10_000)).toBe(10_000)
  })

  it('is not used up by what it refused', () => {
    const take = createRateLimit(6)
    times(6, () => take('a', 0))
    times(1_000, () => take('a', 0))
    expect(take('a', 10_000)).toBe(0)
  })

  it('is whole again after a minute, and no more than whole', () => {
    const take = createRateLimit(6)
    times(6, () => take('a', 0))
    expect(times(7, () => take('a', 3_600_000))).toEqual([0, 0, 0, 0, 0, 0, 10_000])
  })

  it('is each client’s own', () => {
    const take = createRateLimit(1)
    expect([take('a', 0), take('a', 0), take('b', 0)]).toEqual([0, 60_000, 0])
  })

  it('forgets those not heard of for longest, beyond 50,000 clients', () => {
    const take = createRateLimit(1)
    for (let client = 0; client < 50_001; client++) take(String(client), 0)
    expect([take('50000', 0), take('1', 0), take('0', 0)]).toEqual([60_000, 60_000, 0])
  })
})
