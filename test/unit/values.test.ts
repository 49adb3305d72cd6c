import { describe, expect, it } from 'vitest'
import { formatId, formatOptionalTime, formatTime } from '../../core/format.ts'

describe('formatId', () => {
  it.each([
    [0n, 0],
    [1n, 1],
    [2n ** 53n - 1n, 9_007_199_254_740_991],
    [2n ** 53n, '9007199254740992'],
    [2n ** 256n - 1n, '115792089237316195423570985008687907853269984665640564039457584007913129639935'],
  ])('formats %s as %j', (id, expected) => {
    expect(formatId(id)).toBe(expected)
  })
})

describe('formatTime', () => {
  it.each([
    [0n, '1970-01-01T00:00:00.000Z'],
    [1_705_320_000n, '2024-01-15T12:00:00.000Z'],
    [253_402_300_799n, '9999-12-31T23:59:59.000Z'],
  ])('formats %s as %s', (seconds, expected) => {
    expect(formatTime(seconds)).toBe(expected)
  })

  it('throws for a time beyond the range of Date', () => {
    expect(() => formatTime(2n ** 64n - 1n)).toThrow(RangeError)
  })

  it('returns null for null only', () => {
    expect(formatOptionalTime(null)).toBeNull()
    expect(formatOptionalTime(0n)).toBe('1970-01-01T00:00:00.000Z')
  })
})
