// What README says of the figures of bench/results, as Markdown.
import type { Figure } from '../bench/figure.ts'
import { number } from '../bench/table.ts'

export type Result = {
  name: string
  machine: { cpu: string; cores: number; memoryGiB: number; node: string }
  /** How long the benchmark took. */
  seconds: number
  figures: Figure[]
  notes: string[]
}

/** A figure that README shows: what is asked, and what its baseline is. */
export type Row = { bench: string; figure: string; question: string; baseline: string }

/** With four significant digits, for a reader. */
const rounded = (value: number | null) => number(value === null ? null : Number(value.toPrecision(4)))

const goalOf = ({ goal, needs, ok }: Figure) => {
  const asked = needs ?? number(goal)
  return ok === false ? `**missed**: ${asked}` : asked
}

/** The chosen figures, whether their goals are met or missed. A figure that tools/bench/results lacks is named as such. */
export function chosenTable(rows: readonly Row[], results: readonly Result[]): string {
  const lines = rows.map(({ bench, figure, question, baseline }) => {
    const found = results.find(({ name }) => name === bench)?.figures.find((each) => each.figure === figure)
    if (!found) return `| ${question} | not measured yet: \`npm run bench ${bench}\` | | | |`
    const beside = `${rounded(found.baseline)}: ${baseline}`
    return `| ${question} | ${rounded(found.value)} ${found.unit} | ${beside} | ${rounded(found.ratio)} | ${goalOf(found)} |`
  })
  return ['| what is asked | here | beside | ratio | goal |', '|---|---|---|---|---|', ...lines].join('\n')
}

/** Every missed goal of the benchmarks but `peers`, and how many goals there are. */
export function missedTable(results: readonly Result[]): string {
  const withGoals = results
    .filter(({ name }) => name !== 'peers')
    .flatMap(({ name, figures }) => figures.filter(({ ok }) => ok !== null).map((figure) => ({ name, figure })))
  const missed = withGoals.filter(({ figure }) => figure.ok === false)
  const count = `All benchmarks but \`peers\` have ${withGoals.length} goals, and miss ${missed.length}`
  if (missed.length === 0) return `${count}.`
  const lines = missed.map(({ name, figure }) => {
    const { figure: what, value, unit, baseline, ratio } = figure
    return `| \`${name}\` | ${what} | ${rounded(value)} ${unit} | ${rounded(baseline)} | ${rounded(ratio)} | ${figure.needs ?? number(figure.goal)} |`
  })
  const head = ['| benchmark | figure | here | baseline | ratio | goal |', '|---|---|---|---|---|---|']
  return [`${count}:`, '', ...head, ...lines].join('\n')
}

/** Units of which more is better. */
const RATES = new Set(['events/s', 'rps'])

/** What each peer does better than Runline: a line for each, of the figures named `<what>, beside <peer>`. */
export function betterPeers(figures: readonly Figure[]): string {
  const better = new Map<string, string[]>()
  for (const { figure, unit, value, baseline } of figures) {
    const [, what, peer] = /^(.*), beside ([^,]*)$/.exec(figure) ?? []
    if (what === undefined || peer === undefined || baseline === null) continue
    const advantages = better.get(peer) ?? []
    better.set(peer, advantages)
    const isRate = RATES.has(unit)
    if (isRate ? baseline <= value : baseline >= value) continue
    const times = isRate ? baseline / value : value / baseline
    advantages.push(
      `${what}: ${rounded(baseline)} beside ${rounded(value)} ${unit}, ${times.toPrecision(3)} times as good`,
    )
  }
  return [...better]
    .map(([peer, advantages]) => `- ${peer}: ${advantages.length === 0 ? 'nothing' : advantages.join('; ')}.`)
    .join('\n')
}

/** Where the results were measured. */
export function machinesOf(results: readonly Result[]): string {
  const machines = new Set(
    results.map(({ machine: { cpu, cores, memoryGiB } }) => `${cpu}, ${cores} cores, ${memoryGiB} GiB`),
  )
  return `Measured on ${[...machines].join('; and on ')}, which clients, API, indexer, node and PostgreSQL share.`
}
