// `npm run test:mutants`: breaks the contracts in every small way, one at a time, and fails if all tests still pass.
//   --only <text>      mutants of the files whose path contains the text
//   --operators <a,b>  mutants of these operators of operators.ts
//   --sample <n>       at most n mutants of each operator, drawn by --seed, 1 if absent
//   --from <n>         starts with the mutant of that number: resumes what was ended
//   --numbers <a,b>    only the mutants of these numbers: tries again what survived
//   --hasty            only in the fastest mode of modes.ts: what survives it may still die in the others
//   --jobs <n>         how many run concurrently; 1 if absent
import { parseArgs } from 'node:util'
import { stopAllProcesses } from '../../tools/devnet/managedProcess.ts'
import { equivalents } from './equivalents.ts'
import { fastestFirst, modeNames, mutantTrial } from './modes.ts'
import { allMutants, type Mutant } from './mutants.ts'
import { operators } from './operators.ts'
import { sampleOf } from './sample.ts'
import { createWorkspace, type Workspace } from './workspace.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    operators: { type: 'string', default: Object.keys(operators).join(',') },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '1' },
    numbers: { type: 'string' },
    hasty: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '1' },
  },
})
const from = positive('from', values.from)
const jobs = positive('jobs', values.jobs)
const named = values.operators.split(',')
const unnamed = named.filter((name) => !Object.hasOwn(operators, name))
if (unnamed.length > 0) throw new Error(`No operator is called ${unnamed}; there are: ${Object.keys(operators)}`)

const mutants = allMutants()
const unknown = Object.keys(equivalents).filter((name) => !mutants.some((mutant) => mutant.name === name))
if (unknown.length > 0) throw new Error(`Remove from equivalents.ts, no such mutants:\n${unknown.join('\n')}`)

const eligible = mutants.filter(({ path, operator }) => path.includes(values.only) && named.includes(operator))
const drawn = values.sample ? sampleOf(eligible, positive('sample', values.sample), values.seed) : eligible
const numbers = values.numbers?.split(',').map((number) => positive('numbers', number))
const chosen = drawn.filter(({ number }) => number >= from && (numbers?.includes(number) ?? true))
const tried = chosen.filter(({ name }) => !(name in equivalents))
const queue = tried.values()
const campaignStarted = Date.now()
let done = 0
const counts = { killed: 0, survived: 0, 'do not compile': 0 }
const survivors: Mutant[] = []
const workspaces: Workspace[] = []
try {
  await Promise.all(Array.from({ length: jobs }, work))
} finally {
  await stopAllProcesses()
  await Promise.all(workspaces.map((workspace) => workspace.remove()))
}

const minutes = ((Date.now() - campaignStarted) / 60_000).toFixed(1)
const equivalent = chosen.filter(({ name }) => name in equivalents).length
const results = Object.entries({ ...counts, 'equivalent, as listed': equivalent }).map(([what, n]) => `${n} ${what}`)
console.log(`${chosen.length} mutants in ${minutes} minutes: ${results.join(', ')}`)
for (const { place, name } of survivors) console.error(`survived: ${place} ${name}`)
if (survivors.length > 0) process.exitCode = 1

async function work() {
  const workspace = await createWorkspace(modeNames)
  workspaces.push(workspace)
  const modes = await fastestFirst(workspace)
  const tryMutant = mutantTrial(workspace, values.hasty ? modes.slice(0, 1) : modes)
  for (const mutant of queue) {
    const started = Date.now()
    const { outcome, by } = await tryMutant(mutant)
    counts[outcome]++
    if (outcome === 'survived') survivors.push(mutant)
    const seconds = ((Date.now() - started) / 1000).toFixed(1)
    const { number, operator, place, name } = mutant
    const result = `${outcome}${by ? ` by ${by}` : ''} in ${seconds} s`
    console.log(`${++done}/${tried.length} ${result}: ${place} ${name} (${number}, ${operator})`)
  }
}

function positive(option: string, value: string): number {
  const number = Number(value)
  if (Number.isSafeInteger(number) && number > 0) return number
  throw new Error(`--${option} must be a positive whole number, got '${value}'`)
}
