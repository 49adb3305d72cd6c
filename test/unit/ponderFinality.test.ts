import { expect, test } from 'vitest'
import { finalityBlocks, finalizedAtStart, setFinality } from '../../ops/ponderFinality.ts'

test.each([
  { blockTimeMs: 200, blocks: 305 },
  { blockTimeMs: 1_000, blocks: 61 },
  { blockTimeMs: 2_000, blocks: 31 },
  // Ponder's own number is greater.
  { blockTimeMs: 12_000, blocks: 30 },
  { blockTimeMs: undefined, blocks: 30 },
])('with a block every $blockTimeMs ms, $blocks blocks are not final', ({ blockTimeMs, blocks }) => {
  setFinality({ blockTimeMs, windowSeconds: 60, finalizedBlock: 0 })
  expect(finalityBlocks(30)).toBe(blocks)
})

test('Ponder follows the chain from the block that its number of blocks makes final', () => {
  setFinality({ blockTimeMs: 200, windowSeconds: 60, finalizedBlock: 600 })
  expect(finalizedAtStart(1_000, 305)).toBe(695)
})

test('it does not follow from before the block to which it reverts the rows', () => {
  setFinality({ blockTimeMs: 200, windowSeconds: 60, finalizedBlock: 960 })
  expect(finalizedAtStart(1_000, 305)).toBe(960)
})

test('a node without that block does not move it: Ponder then refuses to start', () => {
  setFinality({ blockTimeMs: 200, windowSeconds: 60, finalizedBlock: 1_001 })
  expect(finalizedAtStart(1_000, 305)).toBe(695)
})

test('a chain that has fewer blocks has none that is final but its first', () => {
  setFinality({ blockTimeMs: 200, windowSeconds: 60, finalizedBlock: 0 })
  expect(finalizedAtStart(100, 305)).toBe(0)
})
