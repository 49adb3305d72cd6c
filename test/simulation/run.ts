// `npm run sim -- [--seed N] [--seeds K] [--minutes M] [--faults P] [--block-time S]`: K simulations of M minutes each, with
// random seeds from N on; P is the share of the indexer's and API's RPC calls that fail. Blocks come every S seconds, on a
// rollup; without S, each transaction has one. Exits with 1 if one found a difference or failed, checked no answer, or left
// readers without an answer for too long; or if all of them served readers too seldom.
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { buildContracts } from '../../tools/devnet/buildContracts.ts'
import { stopAllProcesses } from '../../tools/devnet/managedProcess.ts'
import { MAX_OUTAGE_MS } from './availability.ts'
import { type Report, type SimulationOptions, simulate } from './simulate.ts'
import { Tally } from './tally.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(randomInt(2 ** 30)) },
    seeds: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '1' },
    faults: { type: 'string', default: '0.08' },
    'block-time': { type: 'string' },
  },
})

function numberOf(option: keyof typeof values, least: number, most: number): number {
  const number = Number(values[option])
  if (!(number >= least && number <= most)) {
    throw new Error(`--${option} must be a number from ${least} to ${most}, got ${values[option]}`)
  }
  return number
}

/** The share of reads, over all seeds, that are answered while a reorg happens every 1.5 s and processes are killed. */
const MIN_ANSWERED_SHARE = 0.25

const served = { reads: 0, answered: 0 }

const tallies = ['steps', 'disturbances', 'faults', 'ends', 'answers', 'relayed', 'totals'] as const

type Tallies = Pick<Report, (typeof tallies)[number]>

const totals = Object.fromEntries(tallies.map((name) => [name, new Tally()])) as Tallies

const show = (report: Tallies) => tallies.map((name) => `  ${name}: ${report[name]}`).join('\n')

async function run() {
  const first = numberOf('seed', 0, 2 ** 31)
  const seeds = numberOf('seeds', 1, 10_000)
  const seconds = 60 * numberOf('minutes', 0.05, 600)
  const faultProbability = numberOf('faults', 0, 0.5)
  const blockTimeMs = values['block-time'] === undefined ? undefined : 1_000 * numberOf('block-time', 0.1, 12)
  await buildContracts()
  const found: (number | undefined)[] = []
  for (let seed = first; seed < first + seeds; seed++)
    found.push(await runOne({ seed, seconds, faultProbability, blockTimeMs }))
  const differences = found.reduce<number>((sum, each) => sum + (each ?? 0), 0)
  const failed = found.filter((each) => each === undefined).length
  const share = served.answered / served.reads
  if (seeds > 1) {
    console.log(`${seeds} seeds: ${differences} differences, ${failed} failed\n${show(totals)}`)
    console.log(`  answered: ${share.toFixed(3)} of the reads`)
  }
  if (share < MIN_ANSWERED_SHARE)
    throw new Error(`${share} of the reads were answered; at least ${MIN_ANSWERED_SHARE} must be`)
  return differences + failed
}

/** Prints what the simulation found. @returns the number of differences; undefined if it failed. */
async function runOne(options: SimulationOptions): Promise<number | undefined> {
  try {
    const report = await simulate(options)
    for (const name of tallies) for (const [key, times] of report[name]) totals[name].add(key, times)
    const { differences, availability } = report
    const { reads, answered, longestOutageMs, outage } = availability
    served.reads += reads
    served.answered += answered
    const longest = `${(longestOutageMs / 1_000).toFixed(1)} s`
    console.log(
      `seed ${options.seed}: ${differences.length} differences in ${Math.round(options.seconds)} s\n${show(report)}
  availability: ${answered} of ${reads} reads answered, at most ${longest} without an answer`,
    )
    if (differences.length > 0) console.log(differences.join('\n'))
    if (!Object.fromEntries(report.totals)['checked answers']) throw new Error('No answer was checked')
    if (longestOutageMs > MAX_OUTAGE_MS)
      throw new Error(`Readers were without an answer for ${longestOutageMs} ms of ${MAX_OUTAGE_MS}, ${outage}`)
    return differences.length
  } catch (error) {
    console.error(`seed ${options.seed} failed:`, error)
    return undefined
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await stopAllProcesses()
    process.exit(1)
  })
}

try {
  process.exitCode = (await run()) === 0 ? 0 : 1
} catch (error) {
  console.error(error)
  process.exitCode = 1
}
