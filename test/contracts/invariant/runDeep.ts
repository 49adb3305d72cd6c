// `npm run test:invariants`: the invariant campaign with Forge's deep profile, in INVARIANT_RUNS runs, and what it did.
// Arguments go to Forge. Fails if anything that can happen never did, but for what is rare in a shorter campaign: a
// campaign that reaches nothing proves nothing.
import { createReadStream, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import { execa } from 'execa'
import { RARE, SELDOM, SELDOM_BELOW_RUNS, tallyReport } from './tallyReport.ts'

/** The runs of the whole campaign. */
const ALL_RUNS = 4000

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
  const mayMiss = [...(runs < ALL_RUNS ? RARE : []), ...(runs < SELDOM_BELOW_RUNS ? SELDOM : [])]
  const unmet = missing.filter((what) => !mayMiss.includes(what))
  if (unmet.length > 0) throw new Error(`The campaign never saw: ${unmet.join(', ')}`)
} finally {
  rmSync(path)
}
