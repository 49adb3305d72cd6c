// `npm run sim -- [--seed N] [--seeds K] [--minutes M] [--faults P]`: K simulations of M minutes each, one after the
// other, with seeds from N on; P is the part of the indexer's RPC calls that fail. Exits with 1 if one finds a
// difference or breaks.
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { stopAllParts } from '../devnet/part.ts'
import { list } from './oracle.ts'
import { type Report, simulate } from './simulate.ts'
import { Tally } from './tally.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(randomInt(2 ** 30)) },
    seeds: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '1' },
    faults: { type: 'string', default: '0.08' },
  },
})

function numberOf(option: 'seed' | 'seeds' | 'minutes' | 'faults', least: number, most: number): number {
  const number = Number(values[option])
  if (!(number >= least && number <= most)) {
    throw new Error(`--${option} must be a number from ${least} to ${most}, got ${values[option]}`)
  }
  return number
}

const totals = {
  steps: new Tally(),
  disturbances: new Tally(),
  faults: new Tally(),
  ends: new Tally(),
  answers: new Tally(),
  claims: new Tally(),
  totals: new Tally(),
}
const tallies = Object.keys(totals) as (keyof typeof totals)[]

const show = (report: Pick<Report, keyof typeof totals>) =>
  tallies.map((name) => `  ${name}: ${report[name]}`).join('\n')

async function run() {
  const first = numberOf('seed', 0, 2 ** 31)
  const seeds = numberOf('seeds', 1, 10_000)
  const seconds = 60 * numberOf('minutes', 0.05, 600)
  const faultProbability = numberOf('faults', 0, 0.5)
  let differences = 0
  for (let seed = first; seed < first + seeds; seed++) {
    const report = await simulate({ seed, seconds, faultProbability })
    for (const name of tallies) for (const [key, times] of report[name]) totals[name].add(key, times)
    differences += report.differences.length
    console.log(`seed ${seed}: ${report.differences.length} differences in ${seconds} s\n${show(report)}`)
    if (report.differences.length > 0) console.log(list(report.differences))
  }
  if (seeds > 1) console.log(`${seeds} seeds: ${differences} differences\n${show(totals)}`)
  return differences
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await stopAllParts()
    process.exit(1)
  })
}

try {
  process.exitCode = (await run()) === 0 ? 0 : 1
} catch (error) {
  console.error(error)
  process.exitCode = 1
}
