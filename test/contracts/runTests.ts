// `npm run test:contracts`: all tests, and that the short campaign was not vacuous. Ends with Forge's exit code, or with 1
// if something that is not listed as rare never happened. With Forge's arguments: the tests that these choose, no more.
import { spawnSync } from 'node:child_process'
import { createReadStream, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { RARE, tallyReport } from './invariant/tallyReport.ts'

/** The same campaign every time, so that what it meets depends on the code alone. */
const SEED = '0x1'

/** In a run of its own: beside other suites Forge draws other calls, and not the same each time. */
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
    console.error(`The campaign of seed ${SEED} never saw: ${unmet.join(', ')}`)
    return 1
  } finally {
    rmSync(path)
  }
}
