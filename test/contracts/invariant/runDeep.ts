// `npm run test:invariants`: the invariant campaign with Forge's deep profile, in INVARIANT_RUNS runs, and what it did.
// Arguments go to Forge. Fails if anything that can happen never did: a campaign that reaches nothing proves nothing.
import { createReadStream, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import { execa } from 'execa'
import { tallyReport } from './tallyReport.ts'

/** The runs of the whole campaign. */
const ALL_RUNS = 4000

/**
 * How many of some 230 things a campaign of fewer runs may miss. Which rare ones it misses is chance, as Forge does not
 * repeat a campaign exactly, not even with one seed: two to four in 40 runs. The unit tests and the matrix cover each.
 */
const MOST_MISSED_BY_FEWER_RUNS = 12

/** Files that have a part of the runs: I9 and I10 play every run of the market to its end after each check. */
const PARTS: Record<string, number> = { 'Exits.t.sol': 1 / 5, 'PosterEnds.t.sol': 1 / 10 }

const runs = Number(process.env.INVARIANT_RUNS ?? ALL_RUNS)
if (!Number.isSafeInteger(runs) || runs < 1) throw new Error(`INVARIANT_RUNS must be a whole number, got ${runs}`)

const path = `cache/tally/${process.pid}.txt`
mkdirSync('cache/tally', { recursive: true })
writeFileSync(path, '')
try {
  for (const file of globSync('test/contracts/invariant/*.t.sol').sort()) {
    const part = Math.ceil(runs * (PARTS[basename(file)] ?? 1))
    const env = { FOUNDRY_PROFILE: 'deep', FOUNDRY_INVARIANT_RUNS: String(part), TALLY: path }
    const args = ['tools/toolchain/forge.ts', 'test', '--match-path', file, ...process.argv.slice(2)]
    await execa({ stdio: 'inherit', env })(process.execPath, args)
  }
  const { table, missing } = await tallyReport(createInterface({ input: createReadStream(path) }))
  console.log(table)
  const mostMissed = runs < ALL_RUNS ? MOST_MISSED_BY_FEWER_RUNS : 0
  if (missing.length > 0) console.log(`Never seen in ${runs} runs: ${missing.join(', ')}`)
  if (missing.length > mostMissed) {
    throw new Error(`The campaign missed ${missing.length} things; in ${runs} runs it may miss ${mostMissed}`)
  }
} finally {
  rmSync(path)
}
