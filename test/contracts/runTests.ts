// `npm run test:contracts`: runs all tests and checks that the short campaign reached what it must. Ends with Forge's
// exit code, or with 1 if anything not listed as rare never happened. Arguments go to Forge, and choose tests instead.
import { spawnSync } from 'node:child_process'
import { createReadStream, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { RARE, tallyReport } from './invariant/tallyReport.ts'

/** Fixed, so that what the campaign reaches depends on the code alone. */
const SEED = '0x1'

/** Run separately: beside other suites Forge draws other calls, and not the same each time. */
const CAMPAIGN = 'InvariantsTest'

const chosen = process.argv.slice(2)
if (chosen.length > 0) {
  process.exitCode = forgeTest(chosen)
} else {
  process.exitCode = forgeTest(['--no-match-contract', CAMPAIGN]) || (await runCampaign())
}

function forgeTest(args: string[], env: Record<string, string> = {}): number {
  const all = ['toolchain/forge.ts', 'test', '--fuzz-seed', SEED, ...args]
  const { status } = spawnSync(process.execPath, all, { stdio: 'inherit', env: { ...process.env, ...env } })
  return status ?? 1
}

async function runCampaign(): Promise<number> {
  const path = `cache/tally/${process.pid}.txt`
  mkdirSync('cache/tally', { recursive: true })
  writeFileSync(path, '')
  try {
    const status = forgeTest(['--match-contract', CAMPAIGN], { TALLY: path })
    if (status !== 0) return status
    const { missing } = await tallyReport(createInterface({ input: createReadStream(path) }))
    const unmet = missing.filter((what) => !RARE.includes(what))
    if (unmet.length === 0) return 0
    console.error(`The campaign with random seed ${SEED} never reached: ${unmet.join(', ')}`)
    return 1
  } finally {
    rmSync(path)
  }
}
