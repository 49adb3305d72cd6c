// Writes the figures of tools/bench/results into README.md and docs/figures.md. With --check it only compares them, and fails
// if they differ.
import { readdirSync, readFileSync } from 'node:fs'
import { figureTable } from '../bench/table.ts'
import { betterPeers, chosenTable, machinesOf, missedTable, type Result, type Row } from './figureTexts.ts'
import { writeGenerated } from './writeGenerated.ts'

const results: Result[] = readdirSync('tools/bench/results')
  .filter((file) => file.endsWith('.json'))
  .map((file) => JSON.parse(readFileSync(`tools/bench/results/${file}`, 'utf8')))

const sameStatement = 'a bare Hono route with the same statement'

/** The figures of README. */
const chosen: Row[] = [
  {
    bench: 'reads',
    figure: 'by id, uncached',
    question: 'A run by its id, of a million',
    baseline: sameStatement,
  },
  {
    bench: 'reads',
    figure: 'filtered list, uncached',
    question:
      '`state=OPEN&minReward=` with another amount in each request: the newest 20 of a million runs, and the total',
    baseline: sameStatement,
  },
  {
    bench: 'reads',
    figure: 'list, uncached',
    question: 'The newest 20 of a million runs, and the total: one list over and over',
    baseline: `${sameStatement} for each request`,
  },
  {
    bench: 'reads',
    figure: 'list, cached',
    question: 'That list again within a block, from the cache',
    baseline: 'a bare route with constant bytes',
  },
  {
    bench: 'live',
    figure: 'from block to answer, p50',
    question: 'From a block with a run to the answer that shows it, with a million runs',
    baseline: 'a poller that stores the block',
  },
  {
    bench: 'index',
    figure: 'backfill of 100000 market events',
    question: 'A backfill of 100,000 events of the market, 40 steps of runs in a block, with the logs in the cache',
    baseline: 'a Ponder app that only inserts each event',
  },
  {
    bench: 'claims',
    figure: 'latency p50, 1 s blocks',
    question: 'A claim, from request to answer, with blocks of a second',
    baseline: 'a raw transaction, until its row is there',
  },
  {
    bench: 'claims',
    figure: 'throughput of 640 clients, in batches, 1 s blocks',
    question: 'Claims of 640 clients at once, with blocks of a second',
    baseline: 'as many raw transactions at once',
  },
  {
    bench: 'claims',
    figure: 'throughput of 640 clients, in batches, 1 s blocks, beside what the gas of a block holds',
    question: 'The same, beside what the 30 million gas of a block hold',
    baseline: 'the limit, divided by the gas of a claim',
  },
  {
    bench: 'gas',
    figure: 'claim in a batch of 50',
    question: 'Gas of a claim in a batch of 50',
    baseline: 'a claim in a transaction of its own',
  },
]

const pages = results.map(({ name, machine, seconds, figures, notes }) => {
  const head = `## \`npm run bench ${name}\`\n\n${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node}. It took ${seconds} s.`
  return `${head}\n\n\`\`\`\n${[figureTable(figures), ...notes].join('\n\n')}\n\`\`\`\n`
})
const intro = `# Figures

Written by \`npm run figures\` from bench/results, which \`npm run bench\` writes. The baseline is measured in the same run. A
goal limits the ratio or the value.
`

/** The first note of `peers` is the table of all indexers side by side. */
const peers = results.find(({ name }) => name === 'peers')
if (!peers?.notes[0]) throw new Error('tools/bench/results/peers.json has no table of the peers')

const blocks = {
  figures: `${chosenTable(chosen, results)}\n\n${machinesOf(results)}`,
  missed: missedTable(results),
  peers: `\`\`\`\n${peers.notes[0]}\n\`\`\`\n\nWhat a peer does better than Runline here:\n\n${betterPeers(peers.figures)}`,
}
let overview = readFileSync('README.md', 'utf8')
for (const [name, text] of Object.entries(blocks)) {
  const block = new RegExp(`(?<=<!-- ${name} -->\\n)[\\s\\S]*?(?=<!-- end of ${name} -->)`)
  if (!block.test(overview))
    throw new Error(`README.md has no place for the figures: <!-- ${name} --> … <!-- end of ${name} -->`)
  overview = overview.replace(block, () => `${text}\n`)
}

writeGenerated('README.md', overview, 'tools/bench/results', 'figures')
writeGenerated('docs/figures.md', `${intro}\n${pages.join('\n')}`, 'tools/bench/results', 'figures')
