import { createReadStream, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { tallyReport } from '../contracts/invariant/tallyReport.ts'
import { runCommand } from './runCommand.ts'

/**
 * Runs the invariant campaign with Forge's deep profile and prints what it did. Fails if anything that can happen never
 * did: a campaign that reaches nothing proves nothing.
 */
export async function invariants(forgeArguments: string[]) {
  const path = `cache/tally/${process.pid}.txt`
  mkdirSync('cache/tally', { recursive: true })
  writeFileSync(path, '')
  try {
    runCommand(
      process.execPath,
      ['toolchain/forge.ts', 'test', '--match-path', 'test/contracts/invariant/*', ...forgeArguments],
      { FOUNDRY_PROFILE: 'deep', TALLY: path },
    )
    const { table, missing } = await tallyReport(createInterface({ input: createReadStream(path) }))
    console.log(table)
    if (missing.length > 0) throw new Error(`the campaign never saw: ${missing.join(', ')}`)
  } finally {
    rmSync(path)
  }
}
