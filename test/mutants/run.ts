// `npm run test:mutants`: breaks the contracts in every small way, one at a time, and fails if all tests still pass.
//   --only <text>  mutants of the files whose path contains the text
//   --from <n>     starts with the mutant of that number
//   --jobs <n>     how many run concurrently; 1 if absent
import { parseArgs } from 'node:util'
import { stopAllProcesses } from '../../devnet/managedProcess.ts'
import { equivalents } from './equivalents.ts'
import { modeNames, provenModes, tryMutant } from './modes.ts'
import { allMutants, type Mutant } from './mutants.ts'
import { createWorkspace, type Workspace } from './workspace.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    from: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
  },
})
const from = positive('from', values.from)
const jobs = positive('jobs', values.jobs)

const mutants = allMutants()
const unknown = Object.keys(equivalents).filter((name) => !mutants.some((mutant) => mutant.name === name))
if (unknown.length > 0) throw new Error(`Remove from equivalents.ts, no such mutants:\n${unknown.join('\n')}`)

const chosen = mutants.filter(({ path, number }) => path.includes(values.only) && number >= from)
const queue = chosen.filter(({ name }) => !(name in equivalents)).values()
const counts = { killed: 0, survived: 0, 'do not compile': 0 }
const survivors: Mutant[] = []
const workspaces: Workspace[] = []
try {
  await Promise.all(Array.from({ length: jobs }, work))
} finally {
  await stopAllProcesses()
  await Promise.all(workspaces.map((workspace) => workspace.remove()))
}

const equivalent = chosen.filter(({ name }) => name in equivalents).length
const results = Object.entries({ ...counts, 'equivalent, as listed': equivalent }).map(([what, n]) => `${n} ${what}`)
console.log(`${chosen.length} mutants: ${results.join(', ')}`)
for (const { place, name } of survivors) console.error(`survived: ${place} ${name}`)
if (survivors.length > 0) process.exitCode = 1

async function work() {
  const workspace = await createWorkspace(modeNames)
  workspaces.push(workspace)
  const modes = await provenModes(workspace)
  for (const mutant of queue) {
    const started = Date.now()
    const { outcome, by } = await tryMutant(workspace, modes, mutant)
    counts[outcome]++
    if (outcome === 'survived') survivors.push(mutant)
    const seconds = ((Date.now() - started) / 1000).toFixed(1)
    const { number, place, name } = mutant
    console.log(`${number}/${mutants.length} ${outcome}${by ? ` by ${by}` : ''} in ${seconds} s: ${place} ${name}`)
  }
}

function positive(option: string, value: string): number {
  const number = Number(value)
  if (Number.isSafeInteger(number) && number > 0) return number
  throw new Error(`--${option} must be a positive whole number, got '${value}'`)
}
