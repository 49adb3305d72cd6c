// Runs the invariant campaign with Forge's deep profile, then shows what it did, and fails if anything that can happen
// never did: a campaign that reaches nothing proves nothing.
import { spawnSync } from 'node:child_process'
import { createReadStream, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { tallyReport } from './tallyReport.ts'

const path = `cache/tally/${process.pid}.txt`
mkdirSync('cache/tally', { recursive: true })
writeFileSync(path, '')

try {
  const started = Date.now()
  const { status, error } = spawnSync(
    process.execPath,
    ['toolchain/forge.ts', 'test', '--match-path', 'test/contracts/invariant/*', ...process.argv.slice(2)],
    { stdio: 'inherit', env: { ...process.env, FOUNDRY_PROFILE: 'deep', TALLY: path } },
  )
  if (error) throw error
  if (status !== 0) throw new Error(`the campaign failed: forge ended with ${status}`)

  const { table, missing } = await tallyReport(createInterface({ input: createReadStream(path) }))
  console.log(table)
  console.log(`${((Date.now() - started) / 60_000).toFixed(1)} minutes`)
  if (missing.length > 0) throw new Error(`the campaign never saw: ${missing.join(', ')}`)
} finally {
  rmSync(path)
}
