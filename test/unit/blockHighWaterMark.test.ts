import { beforeEach, expect, it } from 'vitest'
import { createBlockHighWaterMark } from '../../src/api/index/forward.ts'

let now: number
let latest: bigint | undefined

beforeEach(() => {
  now = 0
  latest = undefined
})

const markAt = (shownBefore: bigint) =>
  createBlockHighWaterMark(
    () => now,
    shownBefore,
    () => latest,
  )

it('never shows a block before one that it showed while the chain has that one, as after a failover', () => {
  const isForward = markAt(0n)
  expect(isForward(180n)).toBe(true)
  latest = 180n
  expect(isForward(176n)).toBe(false)
  now += 3_600_000
  expect(isForward(176n)).toBe(false)
  expect(isForward(180n)).toBe(true)
})

it('shows a lower block after thirty seconds if the chain was rolled back, or its latest block is not known', () => {
  for (const chain of [176n, undefined]) {
    const isForward = markAt(0n)
    expect(isForward(180n)).toBe(true)
    latest = chain
    expect(isForward(176n)).toBe(false)
    now += 29_999
    expect(isForward(176n)).toBe(false)
    now += 1
    expect(isForward(176n)).toBe(true)
  }
})

it('shows a lower block than another process may have shown after thirty seconds, so that a restart serves what there is', () => {
  latest = 180n
  const isForward = markAt(180n)
  expect(isForward(176n)).toBe(false)
  now += 30_000
  expect(isForward(176n)).toBe(true)
  expect(isForward(170n)).toBe(false)
})
