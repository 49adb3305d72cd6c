import { describe, expect, it } from 'vitest'
import { compareWithGoal, type Measurement, slowest } from '../../tools/bench/figure.ts'
import { betterPeers, chosenTable, missedTable, type Result } from '../../tools/toolchain/figureTexts.ts'

const machine = { cpu: 'a CPU', cores: 2, memoryGiB: 4, node: 'v24' }
const resultOf = (name: string, measurements: Measurement[]): Result => ({
  name,
  machine,
  seconds: 1,
  figures: measurements.map(compareWithGoal),
  notes: [],
})
const met: Measurement = { figure: 'by id', unit: 'rps', value: 900, baseline: 1_000, goal: { ratioAtLeast: 0.9 } }
const missed: Measurement = { figure: 'list, p99', unit: 'ms', value: 30, baseline: 20, goal: { atMost: 25 } }
const results = [resultOf('reads', [met, missed])]

describe('chosenTable', () => {
  const row = { bench: 'reads', question: 'A question', baseline: 'a bare route' }

  it('names the question, the baseline and the goal', () => {
    const table = chosenTable([{ ...row, figure: 'by id' }], results)
    expect(table).toContain('| A question | 900 rps | 1,000: a bare route | 0.9 | ratio ≥ 0.9 |')
  })

  it('marks a missed goal', () => {
    const table = chosenTable([{ ...row, figure: 'list, p99' }], results)
    expect(table).toContain('| A question | 30 ms | 20: a bare route | 1.5 | **missed**: ≤ 25 ms |')
  })

  it('names the benchmark of a figure that is not measured', () => {
    expect(chosenTable([{ ...row, figure: 'new' }], results)).toContain('not measured yet: `npm run bench reads`')
  })
})

describe('missedTable', () => {
  it('counts the goals, and shows only the missed ones', () => {
    const table = missedTable(results)
    expect(table).toContain('All benchmarks but `peers` have 2 goals, and miss 1:')
    expect(table).toContain('| `reads` | list, p99 | 30 ms | 20 | 1.5 | ≤ 25 ms |')
    expect(table).not.toContain('by id')
  })
})

describe('betterPeers', () => {
  const beside = (what: string, unit: string, value: number, baseline: number) =>
    compareWithGoal({ figure: `${what}, beside Peer`, unit, value, baseline })

  it('names a rate that is higher and a time that is shorter', () => {
    expect(betterPeers([beside('backfill', 'events/s', 4_000, 24_000), beside('p50', 'ms', 75, 60)])).toBe(
      '- Peer: backfill: 24,000 beside 4,000 events/s, 6.00 times as good; p50: 60 beside 75 ms, 1.25 times as good.',
    )
  })

  it('says that a peer does nothing better', () => {
    expect(betterPeers([beside('backfill', 'events/s', 4_000, 1_000), beside('p50', 'ms', 72.7, 74.3)])).toBe(
      '- Peer: nothing.',
    )
  })
})

describe('slowest', () => {
  it('is the 99th percentile of enough times only', () => {
    const times = Array.from({ length: 200 }, (_, index) => index + 1)
    expect(slowest(times)).toEqual({ name: 'p99', value: 199 })
    expect(slowest(times.slice(1))).toEqual({ name: 'slowest of 199', value: 200 })
  })
})
