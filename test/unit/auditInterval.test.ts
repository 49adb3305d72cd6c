import { expect, it } from 'vitest'
import { parseInterval } from '../../ops/audit/interval.ts'

it.each([
  ['90s', 90_000],
  ['10m', 600_000],
  ['1h', 3_600_000],
  ['24d', 2_073_600_000],
])('%s is %i ms', (text, expected) => {
  expect(parseInterval(text)).toBe(expected)
})

it.each(['', '0s', '1', 'h', '-1h', '1.5h', '25d', '1h ', 'hourly'])('refuses %j', (text) => {
  expect(() => parseInterval(text)).toThrow(
    '--every must be a number of s, m, h or d, of at most 24 days, such as 1h, got ',
  )
})
