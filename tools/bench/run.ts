// `npm run bench [name]`: measures, prints a table and writes tools/bench/results/<name>.json. Fails if a goal is missed.
// `npm run bench -- --quick [name]` only takes a look. A look, or a run with a BENCH_ variable, writes nothing.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { buildContracts } from '../devnet/buildContracts.ts'
import { stopAllProcesses } from '../devnet/managedProcess.ts'
import { type Bench, compareWithGoal } from './figure.ts'
import { figureTable } from './table.ts'
import { isComplete, isQuick } from './workload.ts'

const benches: Record<string, () => Promise<Bench>> = {
  claims: () => import('./claims.ts'),
  fast: () => import('./fast.ts'),
  gas: () => import('./gas.ts'),
  index: () => import('./backfills.ts'),
  live: () => import('./live.ts'),
  lives: () => import('./lives.ts'),
  restarts: () => import('./restarts.ts'),
  reads: () => import('./reads.ts'),
  scale: () => import('./scale.ts'),
  size: () => import('./size.ts'),
  stream: () => import('./stream.ts'),
  peers: () => import('./peers.ts'),
}

const results = new URL('results/', import.meta.url)

const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  platform: `${process.platform}-${process.arch}`,
  node: process.version,
}

const { positionals } = parseArgs({ allowPositionals: true, options: { quick: { type: 'boolean' } } })
/** `reads` includes `live`, the reads during indexing, which is separate because it needs an indexer. */
const asked = positionals.flatMap((name) => (name === 'reads' ? ['reads', 'live'] : name))
const unknown = asked.filter((name) => !(name in benches))
if (unknown.length > 0)
  throw new Error(`No bench is called ${unknown.join(', ')}; there are: ${Object.keys(benches).join(', ')}`)

/** How long each bench took. */
const durations = new Map<string, number>()

await mkdir(results, { recursive: true })
try {
  // A build of other paths leaves these artifacts without bytecode, and Forge then counts them as up to date.
  for (const source of await readdir('test/contracts/peers'))
    await rm(`out/${source}`, { recursive: true, force: true })
  await buildContracts(['contracts', 'test/contracts/peers'])
  for (const [name, load] of Object.entries(benches)) {
    // A look at all does without the peers, which must be installed.
    const isAsked = asked.length === 0 ? !isQuick || name !== 'peers' : asked.includes(name)
    if (isAsked) await run(name, await load())
  }
} finally {
  await stopAllProcesses()
}
const total = [...durations.values()].reduce((sum, seconds) => sum + seconds, 0)
console.log([...durations, ['all', total] as const].map(([name, seconds]) => `${name}: ${seconds} s`).join(', '))

async function run(name: string, bench: Bench) {
  const begin = performance.now()
  const { measurements, notes = [] } = await bench.measure()
  const seconds = Math.round((performance.now() - begin) / 1_000)
  durations.set(name, seconds)
  const figures = measurements.map(compareWithGoal)
  const result = `${JSON.stringify({ name, machine, seconds, figures, notes }, null, 2)}\n`
  if (isComplete) await writeFile(new URL(`${name}.json`, results), result)

  console.log(`\n${name}, ${seconds} s\n\n${figureTable(figures)}\n${notes.map((line) => `\n${line}`).join('')}\n`)
  const missed = figures.filter(({ ok }) => ok === false).map(({ figure }) => figure)
  if (missed.length === 0) return
  console.error(`${name}: these figures miss their goals: ${missed.join(', ')}`)
  process.exitCode = 1
}
