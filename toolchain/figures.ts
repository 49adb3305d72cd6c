// Writes the figures of bench/results into README.md and docs/figures.md. With --check it only compares them, and fails
// if they differ.
import { readdirSync, readFileSync } from 'node:fs'
import type { Figure } from '../bench/figure.ts'
import { figureTable, number } from '../bench/table.ts'
import { writeGenerated } from './writeGenerated.ts'

type Result = {
  name: string
  machine: { cpu: string; cores: number; memoryGiB: number; node: string }
  /** How long the benchmark took. */
  seconds: number
  figures: Figure[]
  notes: string[]
}

const results: Result[] = readdirSync('bench/results')
  .filter((file) => file.endsWith('.json'))
  .map((file) => JSON.parse(readFileSync(`bench/results/${file}`, 'utf8')))

/** The figures of README: benchmark, figure, and the reader's question that it answers. */
const chosen = [
  ['reads', 'by id, uncached', 'A run by its id, of a million'],
  ['reads', 'list, uncached', 'A filtered list of a million runs, with its exact total'],
  ['reads', 'list, cached', 'The same list again within a block'],
  ['live', 'from block to answer, p50', 'From a block to the answer that shows it'],
  ['claims', 'latency p50, 1 s blocks', 'A claim, from request to answer, with blocks of a second'],
  ['claims', 'throughput, 1 s blocks', 'Claims beside what a block can hold'],
  ['gas', 'claim in a batch of 50', 'Gas of a claim in a batch of 50, beside a single one'],
] as const

/** With four significant digits, for a reader. */
const rounded = (value: number | null) => number(value === null ? null : Number(value.toPrecision(4)))

function find(bench: string, name: string): Figure {
  const found = results.find(({ name }) => name === bench)?.figures.find(({ figure }) => figure === name)
  if (!found) throw new Error(`bench/results has no figure '${name}' of the benchmark '${bench}'`)
  return found
}

const summary = chosen.map(([bench, name, label]) => {
  const { value, unit, baseline, ratio } = find(bench, name)
  return `| ${label} | ${rounded(value)} ${unit} | ${rounded(baseline)} | ${rounded(ratio)} |`
})
const readme = ['| | here | baseline | ratio |', '|---|---|---|---|', ...summary].join('\n')

const pages = results.map(({ name, machine, seconds, figures, notes }) => {
  const head = `## \`npm run bench ${name}\`\n\n${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node}. It took ${seconds} s.`
  return `${head}\n\n\`\`\`\n${[figureTable(figures), ...notes].join('\n\n')}\n\`\`\`\n`
})
const intro = `# Figures

Written by \`npm run figures\` from bench/results, which \`npm run bench\` writes. The baseline is measured in the same run. A
goal is on the ratio, or on the value where its unit is that of the figure.
`

/** The first note of `peers` is the table of all indexers side by side. */
const peers = results.find(({ name }) => name === 'peers')?.notes[0]
if (!peers) throw new Error('bench/results/peers.json has no table of the peers')

const block = (name: string) => new RegExp(`(?<=<!-- ${name} -->\\n)[\\s\\S]*?(?=<!-- end of ${name} -->)`)
const overview = readFileSync('README.md', 'utf8')
  .replace(block('figures'), () => `${readme}\n`)
  .replace(block('peers'), () => `\`\`\`\n${peers}\n\`\`\`\n`)

writeGenerated('README.md', overview, 'bench/results', 'figures')
writeGenerated('docs/figures.md', `${intro}\n${pages.join('\n')}`, 'bench/results', 'figures')
