import { expect, test } from 'vitest'
import { unfinalBlocks } from '../../core/node/finality.ts'

test.each([
  { blockTimeMs: 200, blocks: 305 },
  { blockTimeMs: 1_000, blocks: 61 },
  { blockTimeMs: 2_000, blocks: 31 },
  { blockTimeMs: 12_000, blocks: 6 },
])('with a block every $blockTimeMs ms, $blocks blocks are of the last minute', ({ blockTimeMs, blocks }) => {
  expect(unfinalBlocks(blockTimeMs, 60)).toBe(blocks)
})
