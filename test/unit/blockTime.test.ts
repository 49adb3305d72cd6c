import { expect, test } from 'vitest'
import { blockTimeMsOf } from '../../core/node/blockTime.ts'

const SPAN_BLOCKS = 200
const START = 1_800_000_000

/** The whole-second timestamps of ten blocks of a chain, the latest first. @param gaps seconds without blocks, by span. */
function timestampsOf(blockTimeMs: number, { spanBlocks = SPAN_BLOCKS, gaps = {} as Record<number, number> } = {}) {
  const timestamps: number[] = []
  let milliseconds = START * 1_000 + 730
  for (let span = 0; span < 10; span++) {
    timestamps.unshift(Math.floor(milliseconds / 1_000))
    milliseconds += spanBlocks * blockTimeMs + 1_000 * (gaps[span] ?? 0)
  }
  return timestamps
}

test.each([200, 250, 1_000, 2_000, 12_000])('blocks every %i ms are measured within one percent', (blockTimeMs) => {
  const measured = blockTimeMsOf(timestampsOf(blockTimeMs), SPAN_BLOCKS)
  expect(Math.abs((measured ?? 0) / blockTimeMs - 1)).toBeLessThan(0.01)
})

test('a sequencer that stopped for ten minutes, twice, does not change the block time', () => {
  const measured = blockTimeMsOf(timestampsOf(200, { gaps: { 2: 600, 6: 600 } }), SPAN_BLOCKS)
  expect(Math.abs((measured ?? 0) / 200 - 1)).toBeLessThan(0.01)
})

test('a chain that began with blocks made at once is measured by the later ones', () => {
  const measured = blockTimeMsOf(timestampsOf(200, { gaps: { 0: -38, 1: -38 } }), SPAN_BLOCKS)
  expect(Math.abs((measured ?? 0) / 200 - 1)).toBeLessThan(0.01)
})

test('a chain that is half a minute old is measured within five percent', () => {
  const measured = blockTimeMsOf(timestampsOf(200, { spanBlocks: 16 }), 16)
  expect(Math.abs((measured ?? 0) / 200 - 1)).toBeLessThan(0.05)
})

test('a chain of some seconds tells too little', () => {
  expect(blockTimeMsOf(timestampsOf(200, { spanBlocks: 4 }), 4)).toBeUndefined()
})

test('blocks that are made at once tell nothing, whatever the time between two bursts', () => {
  expect(
    blockTimeMsOf(
      [960, 960, 960, 960, 700, 700, 700, 100, 100, 100].map((at) => START + at),
      12,
    ),
  ).toBeUndefined()
})

test('no block time is shorter than a chain can have', () => {
  expect(blockTimeMsOf(timestampsOf(20), SPAN_BLOCKS)).toBe(100)
})
