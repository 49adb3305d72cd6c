import { expect, it } from 'vitest'
import { compareWithGoal, median, percentile, worstOf } from '../../tools/bench/figure.ts'

it('compares a figure with the limit of its ratio', () => {
  const measured = { figure: 'by id', unit: 'rps', value: 850, baseline: 1_000 }
  expect(compareWithGoal({ ...measured, goal: { ratioAtLeast: 0.85 } })).toMatchObject({
    ratio: 0.85,
    needs: 'ratio ≥ 0.85',
    ok: true,
  })
  expect(compareWithGoal({ ...measured, goal: { ratioAtLeast: 0.86 } }).ok).toBe(false)
})

it('compares a figure with the limit of its value', () => {
  const measured = { figure: 'list, p99', unit: 'ms', value: 30 }
  expect(compareWithGoal({ ...measured, goal: { atMost: 25 } })).toMatchObject({ needs: '≤ 25 ms', ok: false })
  expect(compareWithGoal(measured)).toMatchObject({ baseline: null, ratio: null, goal: null, ok: null })
})

it('misses a goal of a ratio without a baseline', () => {
  expect(compareWithGoal({ figure: 'list', unit: 'rps', value: 30, goal: { ratioAtMost: 2 } }).ok).toBe(false)
})

it('gives the goal to the highest ratio', () => {
  const claim = { figure: 'claim', unit: 'ms', value: 110, baseline: 100 }
  const post = { figure: 'post', unit: 'ms', value: 90, baseline: 60 }
  expect(worstOf('the slowest', [claim, post], { ratioAtMost: 1.2 })).toEqual({
    ...post,
    figure: 'the slowest',
    goal: { ratioAtMost: 1.2 },
  })
})

it('takes the middle, and the value that a share does not exceed', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(percentile([4, 1, 3, 2], 0.5)).toBe(3)
  expect(() => median([])).toThrow('at least one value')
})
