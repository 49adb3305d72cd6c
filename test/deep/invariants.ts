import { createReadStream, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import { RARE, tallyReport } from '../contracts/invariant/tallyReport.ts'
import { runCommand } from './runCommand.ts'

/** Of the whole campaign. INVARIANT_RUNS shortens it. */
const ALL_RUNS = 4000

/** Files that have a part of the runs: I9 and I10 play every run of the market to its end after each check. */
const PARTS: Record<string, number> = { 'Exits.t.sol': 1 / 5, 'PosterEnds.t.sol': 1 / 10 }

/**
 * Runs the invariant campaign with Forge's deep profile and prints what it did. Fails if anything that can happen never
 * did, but for what is rare in a shorter campaign: a campaign that reaches nothing proves nothing.
 */
export async function invariants(forgeArguments: string[]) {
  const runs = Number(process.env.INVARIANT_RUNS ?? ALL_RUNS)
  if (!Number.isSafeInteger(runs) || runs < 1) throw new Error(`INVARIANT_RUNS must be a whole number, got ${runs}`)
  const path = `cache/tally/${process.pid}.txt`
  mkdirSync('cache/tally', { recursive: true })
  writeFileSync(path, '')
  try {
    for (const file of globSync('test/contracts/invariant/*.t.sol').sort()) {
      const part = Math.ceil(runs * (PARTS[basename(file)] ?? 1))
      const env = { FOUNDRY_INVARIANT_RUNS: String(part), TALLY: path }
      forgeTest(['--match-path', file, ...forgeArguments], env)
    }
    const { table, missing } = await tallyReport(createInterface({ input: createReadStream(path) }))
    console.log(table)
    const unmet = runs < ALL_RUNS ? missing.filter((what) => !RARE.includes(what)) : missing
    if (unmet.length > 0) throw new Error(`the campaign never saw: ${unmet.join(', ')}`)
  } finally {
    rmSync(path)
  }
}

function forgeTest(args: string[], env: Record<string, string>) {
  runCommand(process.execPath, ['tools/toolchain/forge.ts', 'test', ...args], { FOUNDRY_PROFILE: 'deep', ...env })
}
