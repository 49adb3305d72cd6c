// `npm run bench [name]`: measures, prints a table and writes tools/bench/results/<name>.json. Fails if a goal is missed.
// `npm run bench -- --quick [name]` only takes a look, and writes nothing.
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { buildContracts } from '../devnet/buildContracts.ts'
import { stopAllProcesses } from '../devnet/managedProcess.ts'
import { type Bench, compareWithGoal, type Figure } from './figure.ts'
import { figureTable } from './table.ts'
import { isQuick } from './workload.ts'

const benches: Record<string, () => Promise<Bench>> = {
  gas: () => import('./gas.ts'),
  claims: () => import('./claims.ts'),
  reads: () => import('./reads.ts'),
  index: () => import('./backfills.ts'),
  live: () => import('./live.ts'),
  steps: () => import('./claimSteps.ts'),
  restarts: () => import('./restarts.ts'),
  peers: () => import('./peers.ts'),
}

/** Twice what a bench may take on a quiet machine. What it started then ends, and so does the run. */
const LIMIT_MINUTES = 10

const results = new URL('results/', import.meta.url)

const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  platform: `${process.platform}-${process.arch}`,
  node: process.version,
}

const { positionals } = parseArgs({ allowPositionals: true, options: { quick: { type: 'boolean' } } })
const unknown = positionals.filter((name) => !(name in benches))
if (unknown.length > 0)
  throw new Error(`No bench is called ${unknown.join(', ')}; there are: ${Object.keys(benches).join(', ')}`)
const names = Object.keys(benches).filter((name) => positionals.length === 0 || positionals.includes(name))

const all: Figure[] = []
const failed: string[] = []

await mkdir(results, { recursive: true })
try {
  await buildContracts(['contracts'])
  for (const name of names) {
    console.log(`\n${name}`)
    // The others are measured nonetheless.
    await run(name).catch((error: unknown) => {
      console.error(error)
      failed.push(name)
    })
  }
} finally {
  await stopAllProcesses()
}
const goals = all.filter(({ ok }) => ok !== null)
const met = goals.filter(({ ok }) => ok)
if (failed.length > 0) console.error(`These benches did not run to their end: ${failed.join(', ')}`)
console.log(`${met.length} of ${goals.length} goals are met.`)
process.exitCode = failed.length > 0 || met.length < goals.length ? 1 : 0

async function run(name: string) {
  const begin = performance.now()
  const limit = setTimeout(() => void giveUp(name), 60_000 * LIMIT_MINUTES)
  const { measurements, notes = [] } = await (await (benches[name] as () => Promise<Bench>)())
    .measure()
    .finally(() => clearTimeout(limit))
  const seconds = Math.round((performance.now() - begin) / 1_000)
  const figures = measurements.map(compareWithGoal)
  all.push(...figures)
  const date = new Date().toISOString().slice(0, 10)
  const result = { name, date, machine, seconds, figures, notes }
  if (!isQuick) {
    const path = fileURLToPath(new URL(`${name}.json`, results))
    await writeFile(path, JSON.stringify(result, null, 2))
    // As the check of the repository wants it.
    await execa('biome', ['format', '--write', path], { preferLocal: true })
  }
  console.log(`\n${name}, ${seconds} s\n\n${figureTable(figures)}\n${notes.map((line) => `\n${line}\n`).join('')}`)
}

async function giveUp(name: string) {
  console.error(`${name} has not ended after ${LIMIT_MINUTES} minutes. Its last line above says what it measures.`)
  await stopAllProcesses()
  process.exit(1)
}
