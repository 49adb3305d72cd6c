import { describe, expect, it } from 'vitest'
import { isImpossible } from '../../core/node/head.ts'

const now = Math.floor(Date.now() / 1_000)
const HOUR = 3_600

/** A head `blocks` and `seconds` ahead of another one whose timestamp is `age` seconds ago. */
const heads = (blocks: number, seconds: number, age = 0) =>
  [
    { number: 5_000_000 + blocks, timestamp: now - age + seconds },
    { number: 5_000_000, timestamp: now - age },
  ] as const

describe('a head is possible', () => {
  it.each([
    ['a few blocks ahead', heads(5, 10)],
    ['of a chain of 2-second blocks, beside a node that is an hour behind', heads(HOUR / 2, HOUR, HOUR)],
    [
      'of a chain of 1-second blocks, beside a node that is a year behind',
      heads(365 * 24 * HOUR, 365 * 24 * HOUR, 365 * 24 * HOUR),
    ],
    ['of a chain of quarter-second blocks, beside a node that is an hour behind', heads(4 * HOUR, HOUR, HOUR)],
    ['after hours without blocks', heads(1, 5 * HOUR, 5 * HOUR)],
    ['after hours that a sequencer filled with blocks', heads((5 * HOUR) / 2, 5 * HOUR, 5 * HOUR)],
    ['of many blocks within a second, as Anvil mines them', heads(100, 0)],
    ['of a chain whose clock jumped by an hour', heads(1, HOUR)],
    ['of a chain whose clock is an hour ahead', heads(100, 50, -HOUR)],
    ['behind the other', heads(-1_000_000, 0)],
  ])('%s', (_, [head, other]) => expect(isImpossible(head, other)).toBe(false))
})

describe('a head is impossible', () => {
  it.each([
    ['a million blocks ahead at the same time', heads(1_000_000, 0)],
    ['a million blocks ahead in the future', heads(1_000_000, 2_000_000)],
    ['a million blocks ahead of a node that is an hour behind', heads(1_000_000, HOUR, HOUR)],
    ['a million blocks ahead, and earlier', heads(1_000_000, -HOUR)],
  ])('%s', (_, [head, other]) => expect(isImpossible(head, other)).toBe(true))
})
