// `npm run test:contracts [Forge's arguments]`: all tests, and that the short campaign was not vacuous. Ends with Forge's
// exit code, or with 1 if something that is not listed as rare never happened.
import { spawnSync } from 'node:child_process'
import { createReadStream, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { RARE, tallyReport } from './invariant/tallyReport.ts'

/** The same campaign every time, so that what it meets depends on the code alone. */
const SEED = '0x1'

const path = `cache/tally/${process.pid}.txt`
mkdirSync('cache/tally', { recursive: true })
writeFileSync(path, '')
try {
  const args = ['toolchain/forge.ts', 'test', '--fuzz-seed', SEED, ...process.argv.slice(2)]
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', env: { ...process.env, TALLY: path } })
  process.exitCode = status ?? 1
  // Empty where a filter left the campaign out.
  if (process.exitCode === 0 && statSync(path).size > 0) {
    const { missing } = await tallyReport(createInterface({ input: createReadStream(path) }))
    const unmet = missing.filter((what) => !RARE.includes(what))
    if (unmet.length > 0) {
      console.error(`The campaign of seed ${SEED} never saw: ${unmet.join(', ')}`)
      process.exitCode = 1
    }
  }
} finally {
  rmSync(path)
}
