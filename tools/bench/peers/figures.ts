import type { Measurement } from '../figure.ts'
import { number, table } from '../table.ts'
import type { Backfill } from './backfill.ts'
import type { Live } from './live.ts'
import { type Reads, RUNS, readFigures } from './reads.ts'

type Measured = Backfill & Live

const OURS = 'Runline'

/** Runline beside each peer, whose figure is the baseline. */
export function figuresOf(live: Record<string, Measured>, reads: Reads): Measurement[] {
  const { [OURS]: ours, ...peers } = live
  if (!ours) throw new Error('There are no figures of Runline')
  return [...Object.entries(peers).flatMap(([name, theirs]) => liveFigures(name, ours, theirs)), ...readsOf(reads)]
}

function liveFigures(name: string, ours: Measured, theirs: Measured): Measurement[] {
  return [
    {
      figure: `backfill, beside ${name}`,
      unit: 'events/s',
      value: ours.backfill,
      baseline: theirs.backfill,
      goal: { ratioAtLeast: 1 },
    },
    {
      figure: `from block to answer, p50, beside ${name}`,
      unit: 'ms',
      value: ours.p50,
      baseline: theirs.p50,
      goal: { ratioAtMost: 1 },
    },
    {
      figure: `from block to answer, ${ours.tail.name}, beside ${name}`,
      unit: 'ms',
      value: ours.tail.value,
      baseline: theirs.tail.value,
      goal: { ratioAtMost: 1 },
    },
    reorgOf(name, ours.reorg, theirs.reorg),
    {
      figure: `rows lost or counted twice after kills, beside ${name}`,
      unit: 'rows',
      value: ours.wrongRows,
      baseline: theirs.wrongRows,
      goal: { atMost: 0 },
    },
    {
      figure: `torn answers, beside ${name}`,
      unit: '% of answers',
      value: tornPercent(ours),
      baseline: tornPercent(theirs),
      goal: { atMost: 0 },
    },
  ]
}

function reorgOf(name: string, ours: number | undefined, theirs: number | undefined): Measurement {
  if (ours === undefined) throw new Error('Runline does not answer the new chain after a reorg')
  if (theirs === undefined)
    return { figure: `reorg of 5, beside ${name}, which never corrects it`, unit: 'ms', value: ours }
  return {
    figure: `reorg of 5, beside ${name}`,
    unit: 'ms',
    value: ours,
    baseline: theirs,
    goal: { ratioAtMost: 1 },
  }
}

const tornPercent = ({ torn, answers }: Live) => (100 * torn) / answers

function readsOf(reads: Reads): Measurement[] {
  return readFigures.flatMap((figure) => {
    const { [OURS]: ours, ...peers } = reads[figure]
    return Object.entries(peers).map(([name, { rps }]): Measurement => {
      const goal = { ratioAtLeast: 1 }
      return { figure: `${figure}, beside ${name}`, unit: 'rps', value: ours?.rps ?? 0, baseline: rps, goal }
    })
  })
}

/** All peers side by side: a column each. */
export function overview(live: Record<string, Measured>, reads: Reads): string {
  const { [OURS]: ours } = live
  if (!ours) throw new Error('There are no figures of Runline')
  const { eventsOfBlock, tail } = ours
  const names = Object.keys(reads[readFigures[0]])
  const rounded = (value: number) => number(Number(value.toPrecision(3)))
  const liveRow = (label: string, cell: (measured: Measured) => string) => [
    label,
    ...names.map((name) => (live[name] ? cell(live[name]) : '')),
  ]
  const rows = [
    liveRow(`backfill, ${rounded(eventsOfBlock)} events a block, events/s`, ({ backfill }) => rounded(backfill)),
    liveRow('from block to answer, p50, ms', ({ p50 }) => rounded(p50)),
    liveRow(`from block to answer, ${tail.name}, ms`, ({ tail }) => rounded(tail.value)),
    liveRow('reorg of 5, ms', ({ reorg }) => (reorg === undefined ? 'never' : rounded(reorg))),
    liveRow('rows lost or counted twice', ({ wrongRows }) => rounded(wrongRows)),
    liveRow('torn answers', ({ torn, answers }) => `${torn} of ${number(answers)}`),
    ...readFigures.map((figure) => [
      `${figure}, ${number(RUNS)} runs, rps`,
      ...names.map((name) => rounded(reads[figure][name]?.rps ?? Number.NaN)),
    ]),
  ]
  return table(['', ...names], rows)
}
